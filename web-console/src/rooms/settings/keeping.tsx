import { useForm } from '@mantine/form';
import type { Keeping } from '../../api/live-history';
import type { App } from '../../api/types';
import { KeepingField, keepingLabel } from '../live/keeping';
import { SavePanel } from './save-panel';

/** What the Live room can look back at. */
export function KeepingPanel({ app }: { app: App }) {
  const form = useForm<{ live_history: Keeping }>({
    initialValues: { live_history: app.settings.live_history },
  });
  return (
    <SavePanel
      app={app}
      title="Live history"
      help="What Live shows of the time before it was opened"
      form={form}
      fields={{ live_history: { label: 'What is kept', show: keepingLabel } }}
      patch={({ live_history }) => ({ settings: { live_history } })}
    >
      <KeepingField {...form.getInputProps('live_history')} />
    </SavePanel>
  );
}
