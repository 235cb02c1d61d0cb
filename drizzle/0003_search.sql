CREATE TABLE "terrace_note_searches" (
	"note_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"text" text COLLATE "C" NOT NULL,
	CONSTRAINT "terrace_note_searches_seq_check" CHECK ("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
ALTER TABLE "terrace_note_heads" ADD COLUMN "unsearched" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "terrace_note_heads" ALTER COLUMN "unsearched" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "terrace_note_searches" ADD CONSTRAINT "terrace_note_searches_note_id_fkey" FOREIGN KEY ("note_id") REFERENCES "terrace_notes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
INSERT INTO "terrace_note_searches" ("note_id", "workspace_id", "seq", "text") SELECT "note_id", "workspace_id", "seq", coalesce("text_folded", '') FROM "terrace_note_texts";--> statement-breakpoint
UPDATE "terrace_note_heads" SET "unsearched" = true WHERE "seq" > (SELECT "t"."seq" FROM "terrace_note_texts" "t" WHERE "t"."note_id" = "terrace_note_heads"."note_id");--> statement-breakpoint
CREATE INDEX "terrace_note_searches_workspace_id_note_id_idx" ON "terrace_note_searches" USING btree ("workspace_id","note_id");--> statement-breakpoint
DO $$
DECLARE
	place text;
	reason text;
BEGIN
	BEGIN
		CREATE EXTENSION IF NOT EXISTS pg_trgm;
	EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
		reason := SQLERRM;
	END;
	SELECT n.nspname INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
	IF place IS NULL THEN
		RAISE WARNING 'terrace_note_searches is searched without an index, because there is no extension pg_trgm: %', reason;
	ELSE
		EXECUTE format('CREATE INDEX IF NOT EXISTS "terrace_note_searches_text_search" ON "terrace_note_searches" USING gin ("text" %I.gin_trgm_ops)', place);
	END IF;
END $$;--> statement-breakpoint
CREATE INDEX "terrace_note_heads_workspace_id_note_id_unsearched_idx" ON "terrace_note_heads" USING btree ("workspace_id","note_id") WHERE "unsearched" = true;--> statement-breakpoint
DO $$
DECLARE
	place text;
	reason text;
BEGIN
	BEGIN
		CREATE EXTENSION IF NOT EXISTS pg_trgm;
	EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file THEN
		reason := SQLERRM;
	END;
	SELECT n.nspname INTO place FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
	IF place IS NULL THEN
		RAISE WARNING 'terrace_notes is searched without an index, because there is no extension pg_trgm: %', reason;
	ELSE
		EXECUTE format('CREATE INDEX IF NOT EXISTS "terrace_notes_title_search" ON "terrace_notes" USING gin ("title_folded" %I.gin_trgm_ops)', place);
	END IF;
END $$;--> statement-breakpoint
ALTER TABLE "terrace_note_texts" DROP COLUMN "text_folded";