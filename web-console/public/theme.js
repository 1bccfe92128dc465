// Runs before the first paint so that a dark page never flashes light. A file, because inline scripts are not allowed.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem('signalbox.color-scheme');
  } catch {
    // Storage can be switched off; the system's choice is then the right one.
  }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
