import { NumberInput, Radio, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { subscriptionQuery } from '../../api/billing';
import type { App } from '../../api/types';
import { exactAmount } from '../../ui/amount';
import { SavePanel } from './save-panel';
import css from './settings.module.css';

/** The app's part of the organisation's messages, and what happens when they are used up. */
export function QuotaPanel({ app }: { app: App }) {
  const subscription = useQuery(subscriptionQuery(app.organisation_id));
  const price = subscription.data?.plan.overage_micros_per_million;
  const form = useForm<{ messages_per_day: number | string; at_quota: 'cap' | 'overage' }>({
    initialValues: { messages_per_day: app.messages_per_day ?? '', at_quota: app.at_quota },
    validate: {
      messages_per_day: (value) =>
        value === '' || (typeof value === 'number' && Number.isInteger(value) && value >= 1)
          ? null
          : 'A whole number of at least 1, or empty',
    },
  });
  return (
    <SavePanel
      app={app}
      title="Message quota"
      help="This app’s share of what the organisation may send and deliver"
      form={form}
      fields={{
        messages_per_day: {
          label: 'Messages per day',
          show: (value) => (value === '' ? 'no share of its own' : value.toLocaleString('en')),
        },
        at_quota: {
          label: 'When they are used up',
          show: (what) => (what === 'cap' ? 'Stop' : 'Go on'),
        },
      }}
      patch={({ messages_per_day, at_quota }) => ({
        messages_per_day: messages_per_day === '' ? null : Number(messages_per_day),
        ...(at_quota === app.at_quota ? {} : { at_quota }),
      })}
    >
      <div className={css.rows}>
        <NumberInput
          label="Messages per day (optional)"
          description="Empty: it shares in all of the organisation’s"
          maw="24rem"
          min={1}
          clampBehavior="none"
          allowDecimal={false}
          thousandSeparator=","
          hideControls
          {...form.getInputProps('messages_per_day')}
        />
        <Radio.Group label="When the organisation’s messages are used up" {...form.getInputProps('at_quota')}>
          <Stack gap="xs" mt={6}>
            <Radio
              value="cap"
              label="Stop"
              description="Publishes are refused with 429 until the next day adds messages. What was accepted is delivered."
            />
            <Radio
              value="overage"
              label="Go on"
              description={
                price === null
                  ? 'Not offered by your plan'
                  : `Nothing is refused; ${price === undefined ? 'what is beyond is billed' : `${exactAmount(price)} per million beyond`}, up to the spending limit.`
              }
              disabled={price === null && app.at_quota !== 'overage'}
            />
          </Stack>
        </Radio.Group>
      </div>
    </SavePanel>
  );
}
