// A private CA, and a server certificate from it.

import fs from "node:fs";
import path from "node:path";
import { run, scratch } from "./lib.mjs";

/** `tls`: key and certificate for these names. `authority`: the file with the CA's certificate. */
export function certificates(...names) {
  const at = (name) => path.join(scratch, name);
  const openssl = (...args) => run("openssl", args);
  const key = (name) => ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", at(`${name}.key`)];
  openssl("req", "-x509", ...key("ca"), "-out", at("ca.pem"), "-days", "2", "-subj", "/CN=Octocorp authority", "-addext", "keyUsage=critical,keyCertSign");
  openssl("req", ...key("server"), "-out", at("server.csr"), "-subj", "/CN=Octocorp server");
  fs.writeFileSync(at("server.ext"), `subjectAltName=${names.map((name) => `DNS:${name}`)}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`);
  openssl("x509", "-req", "-in", at("server.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-out", at("server.pem"), "-days", "2", "-extfile", at("server.ext"));
  return { tls: { key: fs.readFileSync(at("server.key")), cert: fs.readFileSync(at("server.pem")) }, authority: at("ca.pem") };
}
