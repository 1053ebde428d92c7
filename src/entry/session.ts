import { declarations } from '../../tools/index.ts';
import { createCatalog } from '../catalog.ts';
import { connectSession, type SessionDeps } from '../session.ts';

export const connect = (deps: SessionDeps) => connectSession(createCatalog(declarations), deps);
