/**
 * Says what is wrong with a server's certificate and what can be done about it, from the text of a TLS error (OpenSSL's
 * words, which Deno uses too); undefined if the error is about something else.
 */
export function certificateFault(text: string): string | undefined {
  if (/altnames/i.test(text)) return `its certificate is another host's: ${text}`;
  if (/expired/i.test(text)) return `its certificate has expired: ${text}`;
  if (/certificate|issuer/i.test(text)) {
    return `its certificate can't be trusted: ${text}. A private CA is given by DENO_CERT=/path/to/ca.pem`;
  }
}
