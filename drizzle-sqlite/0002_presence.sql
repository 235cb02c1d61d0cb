-- terrace: compatible
CREATE TABLE `terrace_note_presence` (
	`note_id` text NOT NULL,
	`place` text NOT NULL,
	`workspace_id` text NOT NULL,
	`data` blob NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`note_id`, `place`),
	FOREIGN KEY (`note_id`) REFERENCES `terrace_notes`(`id`) ON UPDATE no action ON DELETE cascade
);
