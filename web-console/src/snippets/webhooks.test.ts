import { expect, test } from 'vitest';
import { ENDPOINT_SECRET_PLACEHOLDER, verifySnippets, type VerifyValues } from './webhooks';
import { SECRET_PLACEHOLDER } from './values';

const values: VerifyValues = {
  appId: '123456',
  appKey: 'abcdefghij2345678abc',
  appSecret: 'as_sbx_secret',
  endpointSecret: 'whsec_c2VjcmV0',
};

test.each([
  ['pusher', 'as_sbx_secret', SECRET_PLACEHOLDER],
  ['relay', 'as_sbx_secret', SECRET_PLACEHOLDER],
  ['standard', 'whsec_c2VjcmV0', ENDPOINT_SECRET_PLACEHOLDER],
] as const)('the %s form is verified with its own secret, or a place for it', (form, secret, placeholder) => {
  for (const { code, id } of verifySnippets(form, values)) {
    expect(code, id).toContain(secret);
    expect(code, id).toContain('PORT');
  }
  for (const { code } of verifySnippets(form, { ...values, appSecret: null, endpointSecret: null })) {
    expect(code).toContain(placeholder);
  }
});

test('there is one for Node and one for Python in every form', () => {
  for (const form of ['pusher', 'relay', 'standard'] as const) {
    expect(verifySnippets(form, values).map(({ language }) => language)).toEqual(['javascript', 'python']);
  }
});
