// What is wrong with the key of an app, before GitHub is asked anything: it would only say that nobody knows the app.
import { createPrivateKey } from 'node:crypto'

/**
 * What follows "PRIVATE_KEY …" in a sentence where a text is no key that an app can sign with; null where it is one.
 * RS256 is all that GitHub takes: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App". None of the
 * text is repeated.
 */
export function keyTrouble(pem: string): string | null {
  // RFC 7468 has a label for it in PKCS #8, RFC 1421 a header in what came before.
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m.test(pem))
    return 'is encrypted, and nobody can be asked for its passphrase: give the key as GitHub made it'
  try {
    const { asymmetricKeyType: type = 'unknown' } = createPrivateKey(pem)
    return type === 'rsa' ? null : `is a key of type ${type}, and apps of GitHub have RSA keys`
  } catch {
    return 'is not a private key in PEM'
  }
}
