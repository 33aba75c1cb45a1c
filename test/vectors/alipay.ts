import { expect } from 'vitest';
import { z } from 'zod';
import { AlipayAesError, alipayDecrypt, alipayEncrypt, parseAlipayAesKey } from '../../wire/alipay-aes.ts';
import { alipayCertSn, alipayRootCertSn, countsForRootSn } from '../../wire/alipay-cert-sn.ts';
import {
  alipayTextToSign,
  readAlipayRequest,
  signAlipayRequest,
  splitAlipayRequest,
  verifyAlipayRequest,
} from '../../wire/alipay-request.ts';
import { readAlipayAnswer, verifyAlipayAnswer } from '../../wire/alipay-response.ts';
import { parseBundle, parseCertificate } from '../../wire/certificate.ts';
import { KeyError } from '../../wire/key-error.ts';
import { parsePrivateKey, parsePublicKey } from '../../wire/keys.ts';
import { type Runner, refusing, text, texts, unknownCase } from './vector.ts';

export const alipayRequestSign: Runner = ({ inputs, keys }) => {
  const params = z.record(z.string(), z.string().nullable()).parse(inputs.params);
  const key = parsePrivateKey(text(keys, 'appPrivateKeyPkcs8'));
  const finalParams = signAlipayRequest(params, key);
  if ('appPrivateKeyPkcs1' in keys)
    expect(signAlipayRequest(params, parsePrivateKey(text(keys, 'appPrivateKeyPkcs1')))).toEqual(finalParams);
  if ('aesKeyBase64' in keys)
    expect(
      alipayEncrypt(text(inputs, 'bizContentPlain'), parseAlipayAesKey(text(keys, 'aesKeyBase64'))),
    ).toBe(params.biz_content);
  // The gateway's side gets back what was sent, and its check agrees.
  const { query, body } = splitAlipayRequest(finalParams);
  const reading = readAlipayRequest(query, body);
  expect(reading).toEqual({ ok: true, params: finalParams });
  expect(verifyAlipayRequest(finalParams, parsePublicKey(text(keys, 'appPublicKey')))).toBe('ok');
  return { stringToSign: alipayTextToSign(params), sign: finalParams.sign, finalParams };
};

export const alipayResponseVerify: Runner = ({ inputs, keys }) => {
  const rawBody = text(inputs, 'rawBody');
  const method = text(inputs, 'method');
  const reading = readAlipayAnswer(Buffer.from(rawBody), method);
  const verdict = verifyAlipayAnswer(
    Buffer.from(rawBody),
    method,
    parsePublicKey(text(keys, 'alipayPublicKey')),
  );
  return {
    signedContent: reading.ok ? reading.answer.node : null,
    sign: reading.ok ? reading.answer.sign : null,
    valid: verdict.kind === 'genuine',
    error: verdict.kind === 'unreadable',
  };
};

export const alipayCertSnRunner: Runner = ({ inputs }) => {
  const pem = text(inputs, 'certPem');
  return refusing([KeyError], () => {
    switch (inputs.kind) {
      case 'cert': {
        const certificate = parseCertificate(pem);
        return {
          issuerRfc2253: certificate.issuer,
          serialDecimal: BigInt(`0x${certificate.serialHex}`).toString(),
          sn: alipayCertSn(certificate),
          publicKeySpkiPem: certificate.publicKey.export({ type: 'spki', format: 'pem' }),
        };
      }
      case 'root': {
        const perCert = parseBundle(pem).map((certificate) => ({
          issuerRfc2253: certificate.issuer,
          signatureOid: certificate.signatureOid,
          included: countsForRootSn(certificate),
        }));
        return { perCert, sn: alipayRootCertSn(pem) };
      }
      default:
        return unknownCase(`kind ${String(inputs.kind)}`);
    }
  });
};

export const alipayAes: Runner = ({ inputs, keys, expected }) =>
  refusing([AlipayAesError, KeyError], () => {
    const key = parseAlipayAesKey(text(keys, 'aesKeyBase64'));
    if ('ciphertextBase64' in inputs)
      return { plaintext: alipayDecrypt(text(inputs, 'ciphertextBase64'), key) };
    if (!('plaintext' in inputs)) return unknownCase(Object.keys(texts({ inputs }, 'inputs')).join());
    const ciphertextBase64 = alipayEncrypt(text(inputs, 'plaintext'), key);
    if ('ciphertextBase64' in expected)
      expect(alipayDecrypt(text(expected, 'ciphertextBase64'), key)).toBe(inputs.plaintext);
    return { ciphertextBase64 };
  });
