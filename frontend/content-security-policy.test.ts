import { expect, test } from 'vitest';
import { policyFor } from './content-security-policy.ts';

test('a page may post to its endpoint, of which the policy names the origin alone', () => {
  const policy = policyFor(new URL('https://x.on.aws/prod/chat/'));
  expect(policy).toContain("connect-src 'self' https://x.on.aws;");
});

test('without one it may post to its own server', () => {
  expect(policyFor(undefined)).toContain("connect-src 'self';");
});

test('nothing inline runs, nothing from elsewhere is loaded, no form and no base leads away', () => {
  const policy = policyFor(new URL('https://x.on.aws/'));
  expect(policy).not.toMatch(/unsafe|\*|blob:|https:(?!\/\/x\.on\.aws)/);
  for (const rule of ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "script-src 'self'"]) {
    expect(policy.split('; ')).toContain(rule);
  }
});
