// Statements of SQLite, prepared once, and what is done whole or not at all.
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Rows of versions come as arrays: as objects, a part of each stays in memory until everything is collected. */
export function preparing(database: DatabaseSync): (text: string, asArrays?: boolean) => StatementSync {
  const statements = new Map<string, StatementSync>();
  return (text, asArrays = false) => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = database.prepare(text);
    statement.setReturnArrays(asArrays);
    statements.set(text, statement);
    return statement;
  };
}

export function inTransaction<T>(database: DatabaseSync, action: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = action();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
