import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { appUsageQuery, usageCsvUrl } from '../../api/usage';
import { useApp } from '../../frame/use-apps';
import { ButtonLink } from '../../ui/link';
import layout from '../../ui/layout.module.css';
import { Loaded } from '../../ui/loading';
import { PageHeader, Panel } from '../../ui/page';
import { Charts } from './charts';
import { useKeyNames } from './key-names';
import { OneKey } from './one-key';
import { KeysTable } from './parts';
import { MessageMeter } from './quota-meters';
import { rangeOf } from './range';
import { SpanPicker } from './span-picker';
import { Totals } from './totals';
import css from './usage.module.css';

export default function AppUsageRoom() {
  const app = useApp();
  const { span = 'day', key } = useSearch({ from: '/signed-in/apps/$appId/usage' });
  const navigate = useNavigate({ from: '/apps/$appId/usage' });
  const range = rangeOf(span);
  const usage = useQuery(appUsageQuery(app.id, range, key));
  const names = useKeyNames(app.id);
  const show = (key: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, key }), replace: true });
  return (
    <>
      <PageHeader
        title="Usage"
        lede={`What ${app.name} was used for, no more than a minute behind the traffic.`}
        actions={
          <ButtonLink to="/apps/$appId/refusals" params={{ appId: app.id }} variant="default">
            Look up a refusal
          </ButtonLink>
        }
      />
      <div className={layout.stack}>
        <SpanPicker
          value={span}
          onChange={(span) => void navigate({ search: (old) => ({ ...old, span }), replace: true })}
          csv={usageCsvUrl('apps', app.id, range, key)}
        />
        {key !== undefined && <OneKey name={key} onAll={() => show(undefined)} />}
        <Loaded query={usage} label="usage">
          {(found) => (
            <>
              <Totals usage={found} ofKey={key !== undefined} />
              {key === undefined && found.quotas.length > 0 && (
                <Panel
                  title="Quota"
                  help="Of the organisation, which all its apps share, unless an app has a part of its own"
                >
                  <div className={css.meters}>
                    {found.quotas.map((quota) => (
                      <MessageMeter key={quota.rule} quota={quota} now={usage.dataUpdatedAt} />
                    ))}
                  </div>
                </Panel>
              )}
              <Charts
                usage={found}
                maxConnections={key === undefined ? app.limits.max_connections : undefined}
              />
              {key === undefined && <KeysTable keys={found.keys} names={names} onShow={show} />}
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}
