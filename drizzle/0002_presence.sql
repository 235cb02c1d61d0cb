-- terrace: compatible
CREATE TABLE "terrace_note_presence" (
	"note_id" text COLLATE "C" NOT NULL,
	"place" text COLLATE "C" NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"data" "bytea" NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_note_presence_pkey" PRIMARY KEY("note_id","place")
);
--> statement-breakpoint
ALTER TABLE "terrace_note_presence" ADD CONSTRAINT "terrace_note_presence_note_id_fkey" FOREIGN KEY ("note_id") REFERENCES "terrace_notes"("id") ON DELETE cascade ON UPDATE no action;