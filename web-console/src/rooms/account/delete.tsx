import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useDeleteUser } from '../../api/account';
import { rememberCsrfToken } from '../../api/client';
import { TypedConfirm } from '../../ui/confirm';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/page';

export function DeletePanel({ email }: { email: string }) {
  const remove = useDeleteUser();
  const [opened, dialog] = useDisclosure(false);
  return (
    <Panel title="Delete your account" className={layout.danger}>
      <div className={layout.row}>
        <p>
          You leave every organisation, and your sessions end. Organisations that nobody else owns must be
          handed over or deleted first.
        </p>
        <Button
          color="red"
          onClick={() => {
            remove.reset();
            dialog.open();
          }}
        >
          Delete account…
        </Button>
      </div>
      <TypedConfirm
        opened={opened}
        onClose={dialog.close}
        title="Delete your account"
        phrase={email}
        action="Delete account"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() =>
          remove.mutate(undefined, {
            onSuccess: () => {
              rememberCsrfToken(null);
              window.location.assign('/signup');
            },
          })
        }
      >
        Your account is deleted for good. What you did stays in the audit logs of your organisations.
      </TypedConfirm>
    </Panel>
  );
}
