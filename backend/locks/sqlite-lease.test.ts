import { sqliteGround } from '../../test/locks/grounds.ts';
import { mutexConformance } from './conformance.ts';

mutexConformance('in a table that several processes share', true, sqliteGround);
