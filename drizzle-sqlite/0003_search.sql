CREATE TABLE `terrace_note_searches` (
	`note_id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`seq` integer NOT NULL,
	`text` text NOT NULL,
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_note_searches_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_note_searches_workspace_id_note_id_idx` ON `terrace_note_searches` (`workspace_id`,`note_id`);--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_terrace_note_heads` (
	`note_id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`epoch` text NOT NULL,
	`seq` integer NOT NULL,
	`snapshot_seq` integer NOT NULL,
	`snapshot_at` integer NOT NULL,
	`floor_seq` integer NOT NULL,
	`tail_bytes` integer NOT NULL,
	`state_bytes` integer NOT NULL,
	`unsearched` integer NOT NULL,
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_note_heads_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_snapshot_seq_check" CHECK("snapshot_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_floor_seq_check" CHECK("floor_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_tail_bytes_check" CHECK("tail_bytes" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_state_bytes_check" CHECK("state_bytes" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_unsearched_check" CHECK("unsearched" in (0, 1))
);
--> statement-breakpoint
INSERT INTO `__new_terrace_note_heads`("note_id", "workspace_id", "epoch", "seq", "snapshot_seq", "snapshot_at", "floor_seq", "tail_bytes", "state_bytes", "unsearched") SELECT "note_id", "workspace_id", "epoch", "seq", "snapshot_seq", "snapshot_at", "floor_seq", "tail_bytes", "state_bytes", 0 FROM `terrace_note_heads`;--> statement-breakpoint
DROP TABLE `terrace_note_heads`;--> statement-breakpoint
ALTER TABLE `__new_terrace_note_heads` RENAME TO `terrace_note_heads`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE INDEX `terrace_note_heads_workspace_id_note_id_idx` ON `terrace_note_heads` (`workspace_id`,`note_id`);--> statement-breakpoint
CREATE INDEX `terrace_note_heads_workspace_id_note_id_unsearched_idx` ON `terrace_note_heads` (`workspace_id`,`note_id`) WHERE "unsearched" = 1;--> statement-breakpoint
INSERT INTO "terrace_note_searches" ("note_id", "workspace_id", "seq", "text") SELECT "note_id", "workspace_id", "seq", coalesce("text_folded", '') FROM "terrace_note_texts";--> statement-breakpoint
UPDATE "terrace_note_heads" SET "unsearched" = 1 WHERE "seq" > (SELECT "t"."seq" FROM "terrace_note_texts" "t" WHERE "t"."note_id" = "terrace_note_heads"."note_id");--> statement-breakpoint
ALTER TABLE `terrace_note_texts` DROP COLUMN `text_folded`;
--> statement-breakpoint
CREATE VIRTUAL TABLE "terrace_notes_title_search" USING fts5("text", content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
--> statement-breakpoint
CREATE TABLE "terrace_notes_title_search_rows" ("fts_rowid" integer PRIMARY KEY NOT NULL, "id" text NOT NULL, UNIQUE ("id"));
--> statement-breakpoint
CREATE TRIGGER "terrace_notes_title_search_insert" AFTER INSERT ON "terrace_notes" BEGIN
	INSERT INTO "terrace_notes_title_search_rows" ("id") VALUES (new."id");
	INSERT INTO "terrace_notes_title_search" (rowid, "text") VALUES ((select "fts_rowid" from "terrace_notes_title_search_rows" where "id" = new."id"), new."title_folded");
END;
--> statement-breakpoint
CREATE TRIGGER "terrace_notes_title_search_update" AFTER UPDATE OF "id", "title_folded" ON "terrace_notes" BEGIN
	UPDATE "terrace_notes_title_search_rows" SET ("id") = (new."id") WHERE "id" = old."id";
	UPDATE "terrace_notes_title_search" SET "text" = new."title_folded" WHERE rowid = (select "fts_rowid" from "terrace_notes_title_search_rows" where "id" = new."id");
END;
--> statement-breakpoint
CREATE TRIGGER "terrace_notes_title_search_delete" AFTER DELETE ON "terrace_notes" BEGIN
	DELETE FROM "terrace_notes_title_search" WHERE rowid = (select "fts_rowid" from "terrace_notes_title_search_rows" where "id" = old."id");
	DELETE FROM "terrace_notes_title_search_rows" WHERE "id" = old."id";
END;
--> statement-breakpoint
INSERT INTO "terrace_notes_title_search_rows" ("id") SELECT "id" FROM "terrace_notes";
--> statement-breakpoint
INSERT INTO "terrace_notes_title_search" (rowid, "text") SELECT "r"."fts_rowid", "t"."title_folded" FROM "terrace_notes" "t" JOIN "terrace_notes_title_search_rows" "r" ON "r"."id" = "t"."id";
--> statement-breakpoint
CREATE VIRTUAL TABLE "terrace_note_searches_text_search" USING fts5("text", content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
--> statement-breakpoint
CREATE TABLE "terrace_note_searches_text_search_rows" ("fts_rowid" integer PRIMARY KEY NOT NULL, "note_id" text NOT NULL, UNIQUE ("note_id"));
--> statement-breakpoint
CREATE TRIGGER "terrace_note_searches_text_search_insert" AFTER INSERT ON "terrace_note_searches" BEGIN
	INSERT INTO "terrace_note_searches_text_search_rows" ("note_id") VALUES (new."note_id");
	INSERT INTO "terrace_note_searches_text_search" (rowid, "text") VALUES ((select "fts_rowid" from "terrace_note_searches_text_search_rows" where "note_id" = new."note_id"), new."text");
END;
--> statement-breakpoint
CREATE TRIGGER "terrace_note_searches_text_search_update" AFTER UPDATE OF "note_id", "text" ON "terrace_note_searches" BEGIN
	UPDATE "terrace_note_searches_text_search_rows" SET ("note_id") = (new."note_id") WHERE "note_id" = old."note_id";
	UPDATE "terrace_note_searches_text_search" SET "text" = new."text" WHERE rowid = (select "fts_rowid" from "terrace_note_searches_text_search_rows" where "note_id" = new."note_id");
END;
--> statement-breakpoint
CREATE TRIGGER "terrace_note_searches_text_search_delete" AFTER DELETE ON "terrace_note_searches" BEGIN
	DELETE FROM "terrace_note_searches_text_search" WHERE rowid = (select "fts_rowid" from "terrace_note_searches_text_search_rows" where "note_id" = old."note_id");
	DELETE FROM "terrace_note_searches_text_search_rows" WHERE "note_id" = old."note_id";
END;
--> statement-breakpoint
INSERT INTO "terrace_note_searches_text_search_rows" ("note_id") SELECT "note_id" FROM "terrace_note_searches";
--> statement-breakpoint
INSERT INTO "terrace_note_searches_text_search" (rowid, "text") SELECT "r"."fts_rowid", "t"."text" FROM "terrace_note_searches" "t" JOIN "terrace_note_searches_text_search_rows" "r" ON "r"."note_id" = "t"."note_id";