import { z } from 'zod';
import { fen, fenToYuan, MoneyError, yuanToFen } from '../../backend/domain/money.ts';
import { type Runner, refusing, text, unknownCase } from './vector.ts';

export const money: Runner = ({ inputs }) =>
  refusing([MoneyError], () => {
    switch (inputs.op) {
      case 'yuanToFen':
        return { fen: yuanToFen(text(inputs, 'yuan')) };
      case 'fenToYuan':
        return { yuan: fenToYuan(fen(z.number().parse(inputs.fen))) };
      default:
        return unknownCase(`op ${String(inputs.op)}`);
    }
  });
