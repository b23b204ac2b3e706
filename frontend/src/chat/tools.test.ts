import { expect, test } from 'vitest';
import { runTool } from './tools.ts';

test.each([
  ['Europe/Zurich', 'Europe/Zurich'],
  ['Zurich', 'Europe/Zurich'],
  ['zürich', 'Europe/Zurich'],
  ['New York', 'America/New_York'],
  ['São Paulo', 'America/Sao_Paulo'],
  ['UTC', 'UTC'],
])('the time in %s', (asked, timeZone) => {
  expect(runTool('current_time', { timeZone: asked })).toMatchObject({ output: { timeZone } });
});

test.each(['Nowhere', 'Nowhere/Land', 'Europe'])('there is no time in %s', (asked) => {
  expect(runTool('current_time', { timeZone: asked })).toEqual({
    error: `${asked} is not the IANA name of a time zone.`,
  });
});
