import { expect } from 'vitest';
import { z } from 'zod';
import { parseCertificate } from '../../wire/certificate.ts';
import { KeyError } from '../../wire/key-error.ts';
import { parsePrivateKey, parsePublicKey } from '../../wire/keys.ts';
import { rsaSign, rsaVerify } from '../../wire/rsa.ts';
import { parseApiV3Key, WechatAeadError, wechatOpen } from '../../wire/wechat-v3-aead.ts';
import {
  parseWechatAuthorization,
  signWechatRequest,
  WECHAT_SCHEME,
  wechatRequestMessage,
} from '../../wire/wechat-v3-authorization.ts';
import { readWechatCertificates } from '../../wire/wechat-v3-certificates.ts';
import {
  normalSerial,
  verifyWechatMessage,
  wechatAnswerMessage,
  wechatSignatureHolds,
  wechatVerifiers,
} from '../../wire/wechat-v3-signature.ts';
import { Refused, type Runner, refusing, text, texts, unknownCase } from './vector.ts';

const ORDER_IS_FREE = 'field order inside the header is free';

export const wechatAuthorization: Runner = ({ inputs, keys, expected }) => {
  const privateKey = parsePrivateKey(text(keys, 'merchantPrivateKey'));
  if ('rawMessage' in inputs) return { signature: rsaSign(privateKey, text(inputs, 'rawMessage')) };
  if (!('pathAndQuery' in inputs)) return unknownCase(Object.keys(inputs).join());
  const request = {
    method: text(inputs, 'method'),
    path: text(inputs, 'pathAndQuery'),
    timestamp: text(inputs, 'timestamp'),
    nonce: text(inputs, 'nonce'),
    body: text(inputs, 'body'),
  };
  const serialNo = text(inputs, 'serialNo');
  const header = signWechatRequest(request, { mchId: text(inputs, 'mchid'), serialNo, privateKey });
  const read = parseWechatAuthorization(header);
  if (!read) throw new Error('Our own header does not parse.');
  const message = wechatRequestMessage(request);
  if ('merchantCertificate' in keys) {
    const certificate = parseCertificate(text(keys, 'merchantCertificate'));
    expect(normalSerial(certificate.serialHex)).toBe(normalSerial(serialNo));
    expect(rsaVerify(certificate.publicKey, message, read.signature)).toBe(true);
  }
  if ('exampleHeader' in expected)
    expect(parseWechatAuthorization(text(expected, 'exampleHeader'))).toEqual(read);
  const reordered = header.replace(/ (.*)$/, (_, fields: string) => ` ${fields.split(',').reverse().join()}`);
  return {
    message,
    signature: read.signature,
    scheme: header.split(' ')[0] === WECHAT_SCHEME ? WECHAT_SCHEME : null,
    fields: {
      mchid: read.mchId,
      nonce_str: read.nonce,
      timestamp: read.timestamp,
      serial_no: read.serialNo,
      signature: read.signature,
    },
    // Compared as fields above; its own order is an example.
    exampleHeader: expected.exampleHeader,
    rule: JSON.stringify(parseWechatAuthorization(reordered)) === JSON.stringify(read) ? ORDER_IS_FREE : null,
  };
};

export const wechatVerify: Runner = ({ inputs, keys }) => {
  const headers = texts(inputs, 'headers');
  const body = Buffer.from(text(inputs, 'rawBody'));
  const nowMs = z.number().int().parse(inputs.now) * 1_000;
  const verifiers = wechatVerifiers(
    Object.entries(texts(keys, 'verifiers')).map(([serial, pem]) => [
      serial,
      pem.includes('CERTIFICATE') ? parseCertificate(pem).publicKey : parsePublicKey(pem),
    ]),
  );
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    message: wechatAnswerMessage(
      lower['wechatpay-timestamp'] ?? '',
      lower['wechatpay-nonce'] ?? '',
      body,
    ).toString(),
    signatureValid: wechatSignatureHolds({ headers, body }, verifiers),
    verdict: verifyWechatMessage({ headers, body }, verifiers, nowMs),
  };
};

const sealedShape = z.object({
  algorithm: z.string(),
  nonce: z.string(),
  associated_data: z.string().nullish(),
  ciphertext: z.string(),
});

export const wechatAead: Runner = ({ inputs, keys }) =>
  refusing([WechatAeadError, KeyError], () => ({
    plaintext: wechatOpen(sealedShape.parse(inputs), parseApiV3Key(text(keys, 'apiV3Key'))).toString(),
  }));

export const wechatCertificates: Runner = ({ inputs, keys }) =>
  refusing([KeyError], () => {
    switch (inputs.kind) {
      case 'serial': {
        const certificate = parseCertificate(text(inputs, 'certPem'));
        return {
          serialHexUpper: certificate.serialHex,
          serialNormalized: normalSerial(certificate.serialHex),
          publicKeySpkiPem: certificate.publicKey.export({ type: 'spki', format: 'pem' }),
          notBeforeUtc: new Date(certificate.notBeforeMs).toISOString(),
          notAfterUtc: new Date(certificate.notAfterMs).toISOString(),
        };
      }
      case 'download': {
        const key = parseApiV3Key(text(keys, 'apiV3Key'));
        const reading = readWechatCertificates(text(inputs, 'responseBody'), key);
        if (!reading.ok || reading.rejected.length > 0) throw new Refused('Not every certificate was read.');
        return {
          certificates: reading.certificates.map(({ serialNo, pem }) => ({
            serial_no: serialNo,
            certPem: pem,
          })),
        };
      }
      default:
        return unknownCase(`kind ${String(inputs.kind)}`);
    }
  });
