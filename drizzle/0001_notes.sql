-- terrace: compatible
CREATE TABLE "terrace_note_edits" (
	"note_id" text COLLATE "C" NOT NULL,
	"from_seq" bigint NOT NULL,
	"to_seq" bigint NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"actor" text COLLATE "C",
	"first_at" timestamp (3) with time zone NOT NULL,
	"last_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_note_edits_pkey" PRIMARY KEY("note_id","from_seq"),
	CONSTRAINT "terrace_note_edits_from_seq_check" CHECK ("from_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_edits_to_seq_check" CHECK ("to_seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_note_heads" (
	"note_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"epoch" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"snapshot_seq" bigint NOT NULL,
	"snapshot_at" timestamp (3) with time zone NOT NULL,
	"floor_seq" bigint NOT NULL,
	"tail_bytes" bigint NOT NULL,
	"state_bytes" bigint NOT NULL,
	CONSTRAINT "terrace_note_heads_seq_check" CHECK ("seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_snapshot_seq_check" CHECK ("snapshot_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_floor_seq_check" CHECK ("floor_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_tail_bytes_check" CHECK ("tail_bytes" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_state_bytes_check" CHECK ("state_bytes" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_note_snapshots" (
	"note_id" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"data" "bytea" NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_note_snapshots_pkey" PRIMARY KEY("note_id","seq"),
	CONSTRAINT "terrace_note_snapshots_seq_check" CHECK ("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_note_texts" (
	"note_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"text" text COLLATE "C" NOT NULL,
	"text_folded" text COLLATE "C",
	CONSTRAINT "terrace_note_texts_seq_check" CHECK ("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_note_updates" (
	"note_id" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"actor" text COLLATE "C",
	"at" timestamp (3) with time zone NOT NULL,
	"data" "bytea" NOT NULL,
	CONSTRAINT "terrace_note_updates_pkey" PRIMARY KEY("note_id","seq"),
	CONSTRAINT "terrace_note_updates_seq_check" CHECK ("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_note_versions" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"note_id" text COLLATE "C" NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"label" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"actor" text COLLATE "C",
	"data" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_note_versions_seq_check" CHECK ("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_notes" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"type" text COLLATE "C" NOT NULL,
	"title" text COLLATE "C" NOT NULL,
	"title_folded" text COLLATE "C",
	"assigned_agent_ids" jsonb NOT NULL,
	"parent_id" text COLLATE "C",
	"task_id" text COLLATE "C",
	"metadata" jsonb NOT NULL,
	"gc" boolean NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_notes_type_check" CHECK ("type" in ('spec', 'task', 'general')),
	CONSTRAINT "terrace_notes_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
ALTER TABLE "terrace_note_edits" ADD CONSTRAINT "terrace_note_edits_note_id_fkey" FOREIGN KEY ("note_id") REFERENCES "terrace_notes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_note_heads" ADD CONSTRAINT "terrace_note_heads_note_id_fkey" FOREIGN KEY ("note_id") REFERENCES "terrace_notes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_note_snapshots" ADD CONSTRAINT "terrace_note_snapshots_note_id_fkey" FOREIGN KEY ("note_id") REFERENCES "terrace_notes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_note_texts" ADD CONSTRAINT "terrace_note_texts_note_id_fkey" FOREIGN KEY ("note_id") REFERENCES "terrace_notes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_note_updates" ADD CONSTRAINT "terrace_note_updates_note_id_fkey" FOREIGN KEY ("note_id") REFERENCES "terrace_notes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_note_versions" ADD CONSTRAINT "terrace_note_versions_note_id_fkey" FOREIGN KEY ("note_id") REFERENCES "terrace_notes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_notes" ADD CONSTRAINT "terrace_notes_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_notes" ADD CONSTRAINT "terrace_notes_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "terrace_notes"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_notes" ADD CONSTRAINT "terrace_notes_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "terrace_tasks"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "terrace_note_heads_workspace_id_note_id_idx" ON "terrace_note_heads" USING btree ("workspace_id","note_id");--> statement-breakpoint
CREATE INDEX "terrace_note_texts_workspace_id_note_id_idx" ON "terrace_note_texts" USING btree ("workspace_id","note_id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_note_versions_note_id_label_key" ON "terrace_note_versions" USING btree ("note_id","label");--> statement-breakpoint
CREATE INDEX "terrace_note_versions_note_id_created_at_id_idx" ON "terrace_note_versions" USING btree ("note_id","created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_notes_workspace_id_type_key" ON "terrace_notes" USING btree ("workspace_id") WHERE "type" = 'spec';--> statement-breakpoint
CREATE INDEX "terrace_notes_workspace_id_created_at_id_idx" ON "terrace_notes" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_notes_parent_id_idx" ON "terrace_notes" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "terrace_notes_task_id_idx" ON "terrace_notes" USING btree ("task_id");