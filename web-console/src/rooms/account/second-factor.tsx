import { Button, Group, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { ShieldCheck, ShieldOff } from 'lucide-react';
import { useState } from 'react';
import { secondFactorQuery, useMakeRecoveryCodes, useRefreshAccount } from '../../api/account';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { Panel, Tag } from '../../ui/page';
import { Time } from '../../ui/time';
import { DisableDialog } from './disable-second-factor';
import { EnrolSecondFactor } from './enrol-second-factor';
import { RecoveryCodesView } from './recovery-codes';

/** Below this many, the reader is asked to make new ones. */
const FEW_CODES = 3;

export function SecondFactorPanel() {
  const factor = useQuery(secondFactorQuery);
  const refresh = useRefreshAccount();
  const make = useMakeRecoveryCodes();
  const [enrolling, enrol] = useDisclosure(false);
  const [disabling, disable] = useDisclosure(false);
  // Shown once: closed only by its own button.
  const [codes, setCodes] = useState<string[] | null>(null);
  const putAway = () => {
    setCodes(null);
    enrol.close();
    void refresh();
  };
  return (
    <Panel
      title="Second factor"
      help="A code from an authenticator app, besides the password"
      actions={factor.data?.enabled ? <Tag tone="good">on</Tag> : <Tag>off</Tag>}
    >
      <Loaded query={factor} label="the second factor">
        {({ enabled, enabled_at, recovery_codes_left: left }) =>
          enabled ? (
            <div className={layout.stack}>
              <div className={layout.row}>
                <div>
                  <strong>
                    Recovery codes: {left} left{' '}
                    {left < FEW_CODES && <Tag tone="warn">make new ones soon</Tag>}
                  </strong>
                  <p>
                    Each lets you in once without the app.{' '}
                    {enabled_at && (
                      <>
                        The second factor is on since <Time iso={enabled_at} />.
                      </>
                    )}
                  </p>
                </div>
                <Group gap="xs">
                  <Button
                    variant="default"
                    loading={make.isPending}
                    onClick={() =>
                      make.mutate(undefined, { onSuccess: (made) => setCodes(made.recovery_codes) })
                    }
                  >
                    Make new codes
                  </Button>
                  <Button
                    variant="default"
                    leftSection={<ShieldOff size={15} aria-hidden />}
                    onClick={disable.open}
                  >
                    Turn off…
                  </Button>
                </Group>
              </div>
              {make.error && <ErrorNotice error={make.error} />}
            </div>
          ) : (
            <div className={layout.row}>
              <p>
                With it, a password that somebody else learned is not enough to log in as you. You need an
                authenticator app on your phone or computer.
              </p>
              <Button leftSection={<ShieldCheck size={15} aria-hidden />} onClick={enrol.open}>
                Set up…
              </Button>
            </div>
          )
        }
      </Loaded>
      <Modal
        opened={enrolling || codes !== null}
        onClose={enrol.close}
        title={codes ? 'Your recovery codes' : 'Set up the second factor'}
        size="lg"
        closeOnClickOutside={codes === null}
        closeOnEscape={codes === null}
        withCloseButton={codes === null}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {codes ? (
          <RecoveryCodesView codes={codes} onDone={putAway} />
        ) : (
          <EnrolSecondFactor onClose={enrol.close} onEnrolled={setCodes} />
        )}
      </Modal>
      <DisableDialog opened={disabling} onClose={disable.close} />
    </Panel>
  );
}
