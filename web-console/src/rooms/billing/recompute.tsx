import { Button, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { invoiceQuery, invoiceUrl, ledgerUrl } from '../../api/billing';
import { CodeBlock } from '../../ui/code';
import { Loaded } from '../../ui/loading';
import css from './billing.module.css';

/** How anybody makes sure that an invoice is what the ledger says. */
export function RecomputeSteps({ org, number }: { org: string; number: number }) {
  const invoice = useQuery(invoiceQuery(org, number));
  const file = `invoice-${number}.json`;
  return (
    <Stack gap="md">
      <Text size="sm" c="var(--sb-text-2)">
        The invoice holds its terms; the ledger holds what was used, hour by hour. The command needs neither
        this server nor a password: it computes every line anew, and ends with an error if a cent differs.
      </Text>
      <Loaded query={invoice} label="the invoice">
        {({ recipe }) => {
          const ledger = ledgerUrl(org, recipe);
          return (
            <>
              <div className={css.downloads}>
                <FileLink href={invoiceUrl(org, number, 'json')} name={file}>
                  Invoice
                </FileLink>
                {ledger === null ? (
                  <Text size="sm" c="var(--sb-text-3)">
                    It bills no usage, so it needs no ledger.
                  </Text>
                ) : (
                  <FileLink href={ledger} name="ledger.ndjson">
                    Ledger
                  </FileLink>
                )}
              </div>
              <CodeBlock
                code={`signalbox-control-plane bill verify ${file}${ledger === null ? '' : ' ledger.ndjson'}`}
                language="bash"
                label="Command that recomputes the invoice"
              />
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}

function FileLink({ href, name, children }: { href: string; name: string; children: string }) {
  return (
    <Button
      component="a"
      href={href}
      download={name}
      variant="default"
      leftSection={<Download size={15} aria-hidden />}
    >
      {children}
    </Button>
  );
}
