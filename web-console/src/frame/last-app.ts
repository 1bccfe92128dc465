const KEY = 'signalbox.last-app';

/** The app that was open last, so that coming back lands there. A convenience: storage may be switched off. */
export const lastApp = {
  get(): string | null {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  },
  set(appId: string): void {
    try {
      localStorage.setItem(KEY, appId);
    } catch {
      // Without storage the first app of the list is opened.
    }
  },
};
