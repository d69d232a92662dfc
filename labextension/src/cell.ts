/** `%%automl` cells: how they are known, and where their problems lie. */
import type { Diagnostic } from '@codemirror/lint';
import type { Text } from '@codemirror/state';
import type { IProblem } from './api';

/** Blank lines before the first one are left out, as IPython does. */
const MAGIC = /^\s*%%automl\b/;

export function isAutoML(text: string): boolean {
  return MAGIC.test(text);
}

/** Where the problems of a cell lie in its text. */
export function diagnostics(text: Text, problems: readonly IProblem[]): Diagnostic[] {
  return problems.map(problem => {
    const line = text.line(Math.min(Math.max(problem.line, 1), text.lines));
    const indented = line.length - line.text.trimStart().length;
    const where = problem.where ? `${problem.where}: ` : '';
    return {
      from: line.from + (indented < line.length ? indented : 0),
      to: line.to,
      severity: 'error',
      source: 'automl',
      message: where + problem.message
    };
  });
}
