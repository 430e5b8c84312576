// Loads the tables Go wrote as CSV into a DuckDB file and times one query.
//   node run.mjs FOLDER QUERY.sql RUNS
// prints {version, load, times, row}: milliseconds, and the one row of the last run as numbers.
import { DuckDBInstance } from "@duckdb/node-api";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [dir, query, runs] = process.argv.slice(2);
const instance = await DuckDBInstance.create(join(dir, "match.duckdb"), { threads: "1" });
const db = await instance.connect();
const ms = async (work) => {
	const began = process.hrtime.bigint();
	await work();
	return Number(process.hrtime.bigint() - began) / 1e6;
};

const load = await ms(async () => {
	for (const statement of readFileSync(join(dir, "load.sql"), "utf8").split(";\n")) {
		if (statement.trim() !== "") await db.run(statement);
	}
});
const sql = readFileSync(query, "utf8");
let rows;
const once = () => ms(async () => {
	rows = (await db.runAndReadAll(sql)).getRows();
});
await once();
const times = [];
for (let i = 0; i < Number(runs); i++) times.push(await once());
const version = (await db.runAndReadAll("SELECT version()")).getRows()[0][0];
console.log(JSON.stringify({ version, load, times, row: rows[0].map(Number) }));
