import { Switch } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { ReactNode } from 'react';
import type { App, AppPatch } from '../../api/types';
import type { Fields } from './changes';
import { SavePanel } from './save-panel';
import css from './settings.module.css';

export type DialectForm = { on: boolean };
type Dialect = keyof App['settings']['dialects'];

/** A dialect's switch, and what can be set of it. The settings stay while it is off, out of sight. */
export function DialectPanel<Values extends DialectForm>({
  app,
  dialect,
  title,
  help,
  form,
  fields,
  settings,
  children,
}: {
  app: App;
  dialect: Dialect;
  title: string;
  help: string;
  form: UseFormReturnType<Values>;
  /** The dialect's own settings; its switch is added to them. */
  fields: Omit<Fields<Values>, 'on'>;
  settings: (values: Values) => NonNullable<AppPatch['settings']>;
  children?: ReactNode;
}) {
  return (
    <SavePanel
      app={app}
      title={title}
      help={help}
      form={form}
      fields={{ ...fields, on: { label: `Speak ${title}` } } as Fields<Values>}
      patch={(values) => ({ settings: { ...settings(values), dialects: { [dialect]: values.on } } })}
    >
      <div className={css.rows}>
        <Switch
          label={`Speak ${title}`}
          description={
            form.values.on
              ? 'Its clients and back ends are let in with the app’s credentials.'
              : 'Refused with 403.'
          }
          {...form.getInputProps('on', { type: 'checkbox' })}
        />
        {form.values.on && children}
      </div>
    </SavePanel>
  );
}
