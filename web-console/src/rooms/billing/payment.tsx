import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CreditCard } from 'lucide-react';
import { paymentQuery, useForgetPayment, useStartPayment } from '../../api/billing';
import { useMay } from '../../api/team';
import { ErrorNotice } from '../../ui/errors';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { notify } from '../../ui/notify';
import { Panel } from '../../ui/page';

export function PaymentPanel({ org }: { org: string }) {
  const payment = useQuery(paymentQuery(org));
  const start = useStartPayment(org);
  const forget = useForgetPayment(org);
  const may = useMay(org);
  return (
    <Panel title="Payment method">
      <Loaded query={payment} label="the payment method">
        {({ provider, method }) =>
          provider === 'manual' ? (
            <p style={{ margin: 0 }}>
              Invoices are paid by transfer. What to pay, and to whom, is on each invoice; it is marked as
              paid once the money has arrived.
            </p>
          ) : (
            <div className={layout.row}>
              <div>
                <strong>
                  {method ? `${method.brand} ending in ${method.last4 ?? 'unknown'}` : 'No card yet'}
                </strong>
                <p>
                  {method
                    ? method.expires && `Expires ${method.expires}`
                    : 'Paid plans need one. It is given to the payment provider and never comes here.'}
                </p>
              </div>
              {may('billing.write') && (
                <Group gap="xs">
                  <Button
                    variant={method ? 'default' : 'filled'}
                    leftSection={<CreditCard size={15} aria-hidden />}
                    loading={start.isPending}
                    onClick={() => start.mutate()}
                  >
                    {method ? 'Change the card' : 'Add a card'}
                  </Button>
                  {method && (
                    <Button
                      variant="default"
                      loading={forget.isPending}
                      onClick={() =>
                        forget.mutate(undefined, { onSuccess: () => notify('The card is forgotten.') })
                      }
                    >
                      Forget it
                    </Button>
                  )}
                </Group>
              )}
            </div>
          )
        }
      </Loaded>
      {(start.error ?? forget.error) && <ErrorNotice error={start.error ?? forget.error} />}
    </Panel>
  );
}
