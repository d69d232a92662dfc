import { describe, expect, it } from 'vitest';
import type { IJob } from '../src/api';
import { apply, sorted } from '../src/jobs';

const job = (name: string, status = 'Running', created_at = '2026-01-01'): IJob => ({
  workspace: '0123456789ab',
  name,
  experiment: 'e',
  display_name: name,
  task: 'classification',
  status,
  metric: 'accuracy',
  best: null,
  text: null,
  n_complete: 0,
  n_trials: 0,
  elapsed_s: 0,
  created_at,
  ended_at: null,
  reason: ''
});

describe('what the server tells', () => {
  it('adds, changes and removes jobs', () => {
    const first = apply(new Map(), { jobs: [job('a'), job('b')] }, true);
    expect([...first.jobs.keys()]).toEqual(['0123456789ab/a', '0123456789ab/b']);
    const next = apply(first.jobs, { jobs: [job('a', 'Completed')], gone: [['0123456789ab', 'b']] }, false);
    expect([...next.jobs.values()].map(j => j.status)).toEqual(['Completed']);
    expect(next.ended.map(j => j.name)).toEqual(['a']);
  });
  it('says nothing of jobs that were over before', () => {
    expect(apply(new Map(), { jobs: [job('a', 'Completed')] }, true).ended).toEqual([]);
  });
  it('forgets what a whole list lacks', () => {
    const first = apply(new Map(), { jobs: [job('a')] }, true);
    expect(apply(first.jobs, { jobs: [] }, true).jobs.size).toBe(0);
  });
});

it('shows the newest first', () => {
  expect(
    sorted([job('a', 'Running', '1'), job('c', 'Running', '2'), job('b', 'Running', '2')]).map(j => j.name)
  ).toEqual(['c', 'b', 'a']);
});
