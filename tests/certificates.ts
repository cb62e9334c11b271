// @ts-types="@types/node-forge"
import forge from "node-forge";

const { pki } = forge;
const DAY_MS = 86_400_000;

/** A certificate and its private key, both as PEM. */
export interface Certified {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority of a test's own. */
export interface Authority {
  /** For `DENO_CERT`. */
  readonly certificate: string;
  /** A server's certificate, for one IP address. */
  certify(ip: string): Certified;
}

/** Makes a certificate authority that no system trusts. */
export function createAuthority(): Authority {
  const name = "An authority for tests";
  const own = pki.rsa.generateKeyPair(2048);
  const sign = (subject: string, key: forge.pki.rsa.PublicKey, extensions: object[]) => {
    const certificate = pki.createCertificate();
    certificate.publicKey = key;
    certificate.serialNumber = "01" + crypto.getRandomValues(new Uint8Array(8)).toHex();
    certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
    certificate.validity.notAfter = new Date(Date.now() + DAY_MS);
    certificate.setSubject([{ name: "commonName", value: subject }]);
    certificate.setIssuer([{ name: "commonName", value: name }]);
    certificate.setExtensions(extensions);
    certificate.sign(own.privateKey, forge.md.sha256.create());
    return pki.certificateToPem(certificate);
  };
  return {
    certificate: sign(name, own.publicKey, [
      { name: "basicConstraints", cA: true },
      { name: "keyUsage", keyCertSign: true },
    ]),
    certify(ip) {
      const { publicKey, privateKey } = pki.rsa.generateKeyPair(2048);
      const IP_ADDRESS = 7; // RFC 5280, GeneralName
      return {
        certificate: sign("server", publicKey, [{
          name: "subjectAltName",
          altNames: [{ type: IP_ADDRESS, ip }],
        }]),
        // PKCS #8, the only form that Kafka reads.
        key: pki.privateKeyInfoToPem(pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(privateKey))),
      };
    },
  };
}
