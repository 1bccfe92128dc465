import { expect, test, vi } from 'vitest';
import { confirmation, confirmed } from './confirmation';
import { Problem } from './problem';

const problem = (code: string) => new Problem({ status: 403, code, title: code });

test('what needs no password is done at once', async () => {
  await expect(confirmed(async () => 'done')).resolves.toBe('done');
  expect(confirmation.isAsked()).toBe(false);
});

test('after the password it is tried once more', async () => {
  const attempt = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(problem('confirmation_required'))
    .mockResolvedValueOnce('done');
  const result = confirmed(attempt);
  await vi.waitFor(() => expect(confirmation.isAsked()).toBe(true));
  confirmation.settle(true);
  await expect(result).resolves.toBe('done');
  expect(attempt).toHaveBeenCalledTimes(2);
  expect(confirmation.isAsked()).toBe(false);
});

test('without it, the refusal stands', async () => {
  const result = confirmed(() => Promise.reject(problem('confirmation_required')));
  const refused = expect(result).rejects.toMatchObject({ code: 'confirmation_required' });
  await vi.waitFor(() => expect(confirmation.isAsked()).toBe(true));
  confirmation.settle(false);
  await refused;
});

test('other refusals ask for nothing', async () => {
  await expect(confirmed(() => Promise.reject(problem('forbidden')))).rejects.toMatchObject({
    code: 'forbidden',
  });
  expect(confirmation.isAsked()).toBe(false);
});
