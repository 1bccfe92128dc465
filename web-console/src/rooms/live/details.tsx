import { Button, Drawer, Group, Stack } from '@mantine/core';
import { ListFilter, Send } from 'lucide-react';
import { KIND_LABELS, type LiveEvent } from '../../live/event';
import { CodeBlock, prettyJson } from '../../ui/code';
import { ButtonLink } from '../../ui/link';
import { Mono, Tag } from '../../ui/page';
import { clockTime } from '../../ui/time';
import { KIND_TONES } from './kinds';
import css from './live.module.css';

/** Everything that is known of one event. */
export function EventDrawer({
  appId,
  event,
  onClose,
  onOnly,
  onReuse,
}: {
  appId: string;
  event: LiveEvent | null;
  onClose: () => void;
  /** Show only events with this text. */
  onOnly: (part: { channel?: string; socket?: string }) => void;
  onReuse: (event: LiveEvent) => void;
}) {
  return (
    <Drawer
      opened={event !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title="Event"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {event && (
        <Stack gap="lg">
          <dl className={css.facts}>
            <Fact name="Kind">
              <Tag tone={KIND_TONES[event.kind]}>{KIND_LABELS[event.kind]}</Tag>
            </Fact>
            <Fact name="Time">
              <Mono>{clockTime(event.atMs)}</Mono> on {new Date(event.atMs).toLocaleDateString()}
            </Fact>
            <Fact name="Channel">{event.channel && <Mono>{event.channel}</Mono>}</Fact>
            <Fact name="Event">{event.event && <Mono>{event.event}</Mono>}</Fact>
            <Fact name="Socket">{event.socketId && <Mono>{event.socketId}</Mono>}</Fact>
            <Fact name="User">{event.userId && <Mono>{event.userId}</Mono>}</Fact>
            <Fact name="Came by">{[event.source, event.dialect].filter(Boolean).join(', ')}</Fact>
            <Fact name="Code">{event.code}</Fact>
            <Fact name="Reason">{event.message}</Fact>
            <Fact name="Request id">{event.requestId && <Mono>{event.requestId}</Mono>}</Fact>
          </dl>
          <Payload event={event} />
          <Group gap="xs">
            {event.channel && (
              <Button
                variant="default"
                leftSection={<ListFilter size={15} aria-hidden />}
                onClick={() => onOnly({ channel: event.channel })}
              >
                Only this channel
              </Button>
            )}
            {event.socketId && (
              <Button
                variant="default"
                leftSection={<ListFilter size={15} aria-hidden />}
                onClick={() => onOnly({ socket: event.socketId })}
              >
                Only this connection
              </Button>
            )}
            {event.requestId && (
              <ButtonLink
                to="/apps/$appId/refusals"
                params={{ appId }}
                search={{ id: event.requestId }}
                variant="default"
              >
                Why was it refused?
              </ButtonLink>
            )}
            {(event.kind === 'published' || event.kind === 'client_event') && (
              <Button
                variant="default"
                leftSection={<Send size={15} aria-hidden />}
                onClick={() => onReuse(event)}
              >
                Put into the publish form
              </Button>
            )}
          </Group>
        </Stack>
      )}
    </Drawer>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  if (children === undefined || children === '') return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Payload({ event: { data, dataBytes, kind } }: { event: LiveEvent }) {
  if (data === undefined) {
    const hasOne = kind === 'published' || kind === 'client_event';
    return hasOne ? (
      <p className={css.note}>
        The payload{dataBytes !== undefined && ` of ${dataBytes.toLocaleString('en')} bytes`} was not kept.
      </p>
    ) : null;
  }
  const { code, isJson } = prettyJson(data);
  const told = new TextEncoder().encode(data).length;
  const isCut = dataBytes !== undefined && told < dataBytes;
  return (
    <div>
      <p className={css.note}>
        Payload ·{' '}
        {isCut
          ? `the first ${told.toLocaleString('en')} of ${dataBytes.toLocaleString('en')} bytes`
          : `${told.toLocaleString('en')} bytes${isJson ? '' : ' · not JSON'}`}
      </p>
      <CodeBlock code={code} language="json" label="Payload" testId="event-payload" />
    </div>
  );
}
