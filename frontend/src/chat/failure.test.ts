import { describe, expect, test } from 'vitest';
import {
  BrokenOffError,
  explain,
  type Failure,
  RefusedError,
  UnreachableError,
  WrongProtocolError,
} from './failure.ts';

const PAGE = 'http://localhost:5173';
const elsewhere = (error: Error): Failure =>
  explain(error, 'https://abc.lambda-url.eu-central-1.on.aws/', PAGE);

describe('a refusal shows the sentence in its body', () => {
  test.each([
    [
      "this backend's",
      '{"success": false, "error": "OpenAI API key not configured"}',
      'OpenAI API key not configured',
    ],
    ["a Function URL's", '{"Message":"Forbidden"}', 'Forbidden'],
    [
      "a Function URL's over its limit",
      '{"Reason":"X","Type":"User","message":"Rate Exceeded."}',
      'Rate Exceeded.',
    ],
    ["AWS's emulator's", '{"errorType":"Unhandled","errorMessage":"It crashed."}', 'It crashed.'],
    ["OpenAI's form", '{"error":{"message":"No such model.","type":"x"}}', 'No such model.'],
    ['plain text', 'Bad gateway, try later.\n', 'Bad gateway, try later.'],
    ['a JSON string', '"Internal Server Error"', 'Internal Server Error'],
  ])('%s', (_whose, body, said) => {
    expect(elsewhere(new RefusedError(500, body)).said).toBe(said);
  });

  test.each([
    '<html><body>502</body></html>',
    '',
    '{}',
    '[]',
    'null',
    '{"error":{}}',
    '{"error":""}',
    'x'.repeat(301),
  ])('a body without one leaves the status: %s', (body) => {
    expect(elsewhere(new RefusedError(500, body)).said).toBe('The endpoint answered with status 500.');
  });
});

test('an error that came as a success shows the same sentence', () => {
  const body = '{"success": false, "error": "OpenAI API key not configured"}';
  expect(elsewhere(new RefusedError(200, body))).toEqual({
    said: 'OpenAI API key not configured',
    advice: '',
  });
});

test.each([
  [403, /may not invoke/],
  [404, /LAMBDA_ENDPOINT/],
  [413, /smaller files/],
  [429, /Wait/],
  [502, /log/],
  [503, /Wait/],
  [504, /Wait/],
])('status %i says what to do', (status, advice) => {
  expect(elsewhere(new RefusedError(status, '')).advice).toMatch(advice);
});

test('of a function that fails at every start, trying again is no advice', () => {
  expect(elsewhere(new RefusedError(502, 'Internal Server Error')).advice).toBe('Its log says why.');
});

test('an unreachable endpoint of another origin may be a matter of CORS', () => {
  const { said, advice } = elsewhere(new UnreachableError('x'));
  expect(said).toContain('abc.lambda-url.eu-central-1.on.aws');
  expect(advice).toContain(PAGE);
  expect(advice).toContain('corsAllowOrigins');
});

test('of the same origin it is not', () => {
  const { said, advice } = explain(new UnreachableError('x'), '/api/chat', PAGE);
  expect(said + advice).not.toMatch(/origin|cors/i);
});

test.each([new BrokenOffError('x'), new TypeError('network error')])(
  'a broken stream is said as such: %s',
  (error) => {
    expect(elsewhere(error).said).toBe('The answer broke off before its end.');
  },
);

test('what the stream itself says about its failure is shown as it is', () => {
  expect(elsewhere(new Error('The model did not answer (id 7).'))).toEqual({
    said: 'The model did not answer (id 7).',
    advice: '',
  });
  expect(elsewhere(new WrongProtocolError('This page reads X.')).said).toBe('This page reads X.');
});

test('an error without words is not an empty alert', () => {
  expect(elsewhere(new Error('')).said).not.toBe('');
});
