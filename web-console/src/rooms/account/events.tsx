import { Table } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { accountEventsQuery } from '../../api/account';
import type { AccountEvent } from '../../api/types';
import { Loaded } from '../../ui/loading';
import { ShowMore } from '../../ui/more';
import { Mono, Panel } from '../../ui/page';
import { Nothing, WideTable } from '../../ui/table';
import { Time } from '../../ui/time';
import css from './account.module.css';
import { describeAgent } from './user-agent';

const WORDS: Record<AccountEvent['kind'], string> = {
  signed_up: 'Account created',
  signed_in: 'Logged in',
  'second_factor.failed': 'A wrong code was entered',
  'session.ended': 'A session was ended',
  'session.others_ended': 'All other sessions were ended',
  'email.verified': 'Address confirmed',
  'email.changed': 'Address changed',
  'password.changed': 'Password changed',
  'password.reset': 'Password set by a mailed link',
  'second_factor.on': 'Second factor turned on',
  'second_factor.off': 'Second factor turned off',
  'recovery_code.used': 'A recovery code was used',
  'recovery_codes.made': 'New recovery codes made',
  operator: 'Changed by an operator',
};

export function EventsPanel() {
  const events = useInfiniteQuery(accountEventsQuery);
  return (
    <Panel flush title="What happened" help="To your account, newest first">
      <Loaded query={events} label="events">
        {({ pages }) => (
          <WideTable label="What happened" minWidth={620} dense>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>What</Table.Th>
                <Table.Th>When</Table.Th>
                <Table.Th>Address</Table.Th>
                <Table.Th>Browser</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {pages
                .flatMap((page) => page.items)
                .map((event) => (
                  <Table.Tr key={event.id} data-kind={event.kind}>
                    <Table.Td>{WORDS[event.kind]}</Table.Td>
                    <Table.Td>
                      <Time iso={event.created_at} />
                    </Table.Td>
                    <Table.Td>{event.address ? <Mono>{event.address}</Mono> : <Nothing />}</Table.Td>
                    <Table.Td>
                      <span className={css.agent} title={event.user_agent ?? undefined}>
                        {event.user_agent ? describeAgent(event.user_agent) : '–'}
                      </span>
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </WideTable>
        )}
      </Loaded>
      <ShowMore query={events} />
    </Panel>
  );
}
