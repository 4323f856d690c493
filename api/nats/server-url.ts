/** What a NATS URL names: servers, and who comes to them. Credentials never leave here for a log. */

/** One URL, or several with commas between, as NATS clients take them. */
function parts(url: string): { readonly server: string; readonly user: string; readonly password: string }[] {
  return url.split(',').map((text) => {
    const parsed = new URL(text.includes('://') ? text : `nats://${text}`);
    const user = decodeURIComponent(parsed.username);
    const password = decodeURIComponent(parsed.password);
    return { server: `${parsed.protocol}//${parsed.host}`, user, password };
  });
}

export function serversOf(url: string): readonly string[] {
  return parts(url).map(({ server }) => server);
}

export function withoutCredentials(url: string): string {
  return serversOf(url).join(',');
}

/** `nats://user:password@host`, or `nats://token@host`; those of the first server serve for all. */
export function credentialsOf(url: string, token: string | null) {
  if (token !== null) return { token };
  const [first] = parts(url);
  if (first === undefined || first.user === '') return {};
  return first.password === '' ? { token: first.user } : { user: first.user, pass: first.password };
}
