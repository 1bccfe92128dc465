import { Button } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { ReactNode } from 'react';
import { usePatchApp } from '../../api/apps';
import { asProblem } from '../../api/problem';
import type { App } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { Panel } from '../../ui/page';
import { changesOf, type Change, type Fields } from './changes';
import { LeaveGuard } from './leave-guard';
import css from './settings.module.css';

/** A group of settings that is saved as one. It says what saving would change; the buttons wake up when something has. */
export function SavePanel<Values extends Record<string, unknown>>({
  app,
  title,
  help,
  form,
  fields,
  patch,
  children,
}: {
  app: App;
  title: string;
  help: string;
  form: UseFormReturnType<Values>;
  fields: Fields<Values>;
  patch: (values: Values) => Parameters<ReturnType<typeof usePatchApp>['mutate']>[0];
  children: ReactNode;
}) {
  const save = usePatchApp(app);
  const dirty = form.isDirty();
  const changes = dirty ? changesOf(form.getInitialValues(), form.values, fields) : [];
  const submit = form.onSubmit((values) =>
    save.mutate(patch(values as Values), {
      onSuccess: () => {
        form.resetDirty();
        notify(`${title} saved.`);
      },
      onError: (error) => form.setErrors(asProblem(error).byNameIn(Object.keys(form.values))),
    }),
  );
  return (
    <Panel flush title={title} help={help}>
      <form onSubmit={submit} noValidate aria-label={title}>
        <div className={css.body}>{children}</div>
        {save.error && (
          <div className={css.body} style={{ paddingTop: 0 }}>
            <ErrorNotice error={save.error} />
          </div>
        )}
        <div className={css.foot}>
          <div className={css.footRow}>
            <span role="status">{dirty ? 'Not saved yet' : 'No changes'}</span>
            {/* Hidden, not absent: the panel keeps its height. */}
            <div className={css.saving} style={{ visibility: dirty ? 'visible' : 'hidden' }}>
              <Button variant="default" onClick={() => form.reset()}>
                Undo
              </Button>
              <Button type="submit" loading={save.isPending}>
                Save
              </Button>
            </div>
          </div>
          {changes.length > 0 && <Changes changes={changes} />}
        </div>
      </form>
      <LeaveGuard when={dirty && !save.isPending} what={title} />
    </Panel>
  );
}

function Changes({ changes }: { changes: Change[] }) {
  return (
    <ul className={css.changes} aria-label="What saving changes">
      {changes.map((change) => (
        <li key={change.label}>
          <span className={css.changed}>{change.label}</span>
          {'added' in change ? (
            <>
              {change.removed.map((item) => (
                <del key={item}>{item}</del>
              ))}
              {change.added.map((item) => (
                <ins key={item}>{item}</ins>
              ))}
            </>
          ) : (
            <>
              <del>{change.before}</del>
              <span aria-hidden>→</span>
              <ins>{change.after}</ins>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
