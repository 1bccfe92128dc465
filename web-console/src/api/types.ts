import type { components } from './schema';

type Schemas = components['schemas'];

export type Organisation = Schemas['Organisation'];
export type Session = Schemas['SessionInfo'];
export type App = Schemas['App'];

/** What is absent stays; the document lists the members of the two groups as required, the API does not ask for them. */
export type AppPatch = Omit<Schemas['AppPatch'], 'settings' | 'limits'> & {
  settings?: Partial<App['settings']>;
  limits?: Partial<App['limits']>;
};

export type NewCredential = Schemas['NewCredential'];
export type SecretKey = Schemas['SecretKey'];
export type ActionName = SecretKey['actions'][number];
export type Receipt = Schemas['Receipt'];
