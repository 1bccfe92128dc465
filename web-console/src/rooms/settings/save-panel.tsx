import { Button } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { ReactNode } from 'react';
import { usePatchApp } from '../../api/apps';
import { asProblem } from '../../api/problem';
import type { App } from '../../api/types';
import { ErrorNotice } from '../../ui/errors';
import { notify } from '../../ui/notify';
import { Panel } from '../../ui/page';
import css from './settings.module.css';

/** A group of settings that is saved as one. The button wakes up when something has changed. */
export function SavePanel<Values extends Record<string, unknown>>({
  app,
  title,
  help,
  form,
  patch,
  children,
}: {
  app: App;
  title: string;
  help: string;
  form: UseFormReturnType<Values>;
  patch: (values: Values) => Parameters<ReturnType<typeof usePatchApp>['mutate']>[0];
  children: ReactNode;
}) {
  const save = usePatchApp(app);
  const dirty = form.isDirty();
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
      </form>
    </Panel>
  );
}
