import { Text } from '@codemirror/state';
import { expect, it } from 'vitest';
import { placeOf } from '../src/assist';
import { diagnostics, isAutoML } from '../src/cell';

it('knows its cells', () => {
  expect(['%%automl', '  %%automl job\ntask: x', '%%automlx', '%automl jobs', 'x = 1'].map(isAutoML)).toEqual([
    true,
    true,
    false,
    false,
    false
  ]);
});

it('underlines the line of a problem, and none that is not there', () => {
  const text = Text.of(['%%automl', 'limits:', '  timeout: x']);
  const [found] = diagnostics(text, [{ line: 3, where: 'limits.timeout', message: 'is no number' }]);
  expect([text.sliceString(found.from, found.to), found.message]).toEqual([
    'timeout: x',
    'limits.timeout: is no number'
  ]);
  expect(diagnostics(text, [{ line: 99, where: '', message: 'm' }])[0].to).toBe(text.length);
  expect(diagnostics(text, [{ line: 0, where: '', message: 'm' }])[0].from).toBe(0);
});

it('finds the place of an offset', () => {
  expect(placeOf('%%automl\ntask: r', 16)).toEqual({ row: 1, column: 7 });
  expect(placeOf('', 0)).toEqual({ row: 0, column: 0 });
});
