-- terrace: compatible
CREATE TABLE `terrace_note_edits` (
	`note_id` text NOT NULL,
	`from_seq` integer NOT NULL,
	`to_seq` integer NOT NULL,
	`workspace_id` text NOT NULL,
	`actor` text,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`note_id`, `from_seq`),
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_note_edits_from_seq_check" CHECK("from_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_edits_to_seq_check" CHECK("to_seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE `terrace_note_heads` (
	`note_id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`epoch` text NOT NULL,
	`seq` integer NOT NULL,
	`snapshot_seq` integer NOT NULL,
	`snapshot_at` integer NOT NULL,
	`floor_seq` integer NOT NULL,
	`tail_bytes` integer NOT NULL,
	`state_bytes` integer NOT NULL,
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_note_heads_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_snapshot_seq_check" CHECK("snapshot_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_floor_seq_check" CHECK("floor_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_tail_bytes_check" CHECK("tail_bytes" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_note_heads_state_bytes_check" CHECK("state_bytes" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_note_heads_workspace_id_note_id_idx` ON `terrace_note_heads` (`workspace_id`,`note_id`);--> statement-breakpoint
CREATE TABLE `terrace_note_snapshots` (
	`note_id` text NOT NULL,
	`seq` integer NOT NULL,
	`workspace_id` text NOT NULL,
	`data` blob NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`note_id`, `seq`),
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_note_snapshots_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE `terrace_note_texts` (
	`note_id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`seq` integer NOT NULL,
	`text` text NOT NULL,
	`text_folded` text,
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_note_texts_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_note_texts_workspace_id_note_id_idx` ON `terrace_note_texts` (`workspace_id`,`note_id`);--> statement-breakpoint
CREATE TABLE `terrace_note_updates` (
	`note_id` text NOT NULL,
	`seq` integer NOT NULL,
	`workspace_id` text NOT NULL,
	`actor` text,
	`at` integer NOT NULL,
	`data` blob NOT NULL,
	PRIMARY KEY(`note_id`, `seq`),
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_note_updates_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE `terrace_note_versions` (
	`id` text PRIMARY KEY NOT NULL,
	`note_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`label` text NOT NULL,
	`seq` integer NOT NULL,
	`actor` text,
	`data` blob NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_note_versions_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_note_versions_note_id_label_key` ON `terrace_note_versions` (`note_id`,`label`);--> statement-breakpoint
CREATE INDEX `terrace_note_versions_note_id_created_at_id_idx` ON `terrace_note_versions` (`note_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `terrace_notes` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`type` text NOT NULL,
	`title` text NOT NULL,
	`title_folded` text,
	`assigned_agent_ids` text NOT NULL,
	`parent_id` text,
	`task_id` text,
	`metadata` text NOT NULL,
	`gc` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`parent_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`task_id`) REFERENCES `terrace_tasks`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "terrace_notes_type_check" CHECK("type" in ('spec', 'task', 'general')),
	CONSTRAINT "terrace_notes_gc_check" CHECK("gc" in (0, 1)),
	CONSTRAINT "terrace_notes_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_notes_workspace_id_type_key` ON `terrace_notes` (`workspace_id`) WHERE "type" = 'spec';--> statement-breakpoint
CREATE INDEX `terrace_notes_workspace_id_created_at_id_idx` ON `terrace_notes` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_notes_parent_id_idx` ON `terrace_notes` (`parent_id`);--> statement-breakpoint
CREATE INDEX `terrace_notes_task_id_idx` ON `terrace_notes` (`task_id`);