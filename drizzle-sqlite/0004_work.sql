-- terrace: compatible
CREATE TABLE `terrace_leases` (
	`scope` text NOT NULL,
	`name` text NOT NULL,
	`workspace_id` text,
	`holder` text NOT NULL,
	`fence` integer NOT NULL,
	`acquired_at` integer NOT NULL,
	`expires_at` integer,
	PRIMARY KEY(`scope`, `name`),
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_leases_fence_check" CHECK("fence" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_leases_workspace_id_idx` ON `terrace_leases` (`workspace_id`);--> statement-breakpoint
CREATE INDEX `terrace_leases_expires_at_idx` ON `terrace_leases` (`expires_at`);--> statement-breakpoint
CREATE TABLE `terrace_file_locks` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`agent_id` text NOT NULL,
	`path` text NOT NULL,
	`reason` text NOT NULL,
	`acquired_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`agent_id`) REFERENCES `terrace_agents`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `terrace_file_locks_workspace_id_acquired_at_id_idx` ON `terrace_file_locks` (`workspace_id`,`acquired_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_file_locks_workspace_id_expires_at_idx` ON `terrace_file_locks` (`workspace_id`,`expires_at`);--> statement-breakpoint
CREATE INDEX `terrace_file_locks_agent_id_idx` ON `terrace_file_locks` (`agent_id`);--> statement-breakpoint
CREATE INDEX `terrace_file_locks_expires_at_idx` ON `terrace_file_locks` (`expires_at`);--> statement-breakpoint
CREATE TABLE `terrace_timers` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`agent_id` text NOT NULL,
	`label` text NOT NULL,
	`message` text NOT NULL,
	`due_at` integer NOT NULL,
	`every` integer,
	`fired` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`agent_id`) REFERENCES `terrace_agents`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_timers_every_check" CHECK("every" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_timers_fired_check" CHECK("fired" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_timers_due_at_id_idx` ON `terrace_timers` (`due_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_timers_agent_id_due_at_id_idx` ON `terrace_timers` (`agent_id`,`due_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_timers_workspace_id_due_at_id_idx` ON `terrace_timers` (`workspace_id`,`due_at`,`id`);--> statement-breakpoint
CREATE TABLE `terrace_mailboxes` (
	`agent_id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`last_seq` integer NOT NULL,
	`next_seq` integer NOT NULL,
	`waiting` integer NOT NULL,
	`fence` integer NOT NULL,
	`claimed_until` integer,
	FOREIGN KEY (`agent_id`) REFERENCES `terrace_agents`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_mailboxes_last_seq_check" CHECK("last_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_mailboxes_next_seq_check" CHECK("next_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_mailboxes_waiting_check" CHECK("waiting" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_mailboxes_fence_check" CHECK("fence" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_mailboxes_workspace_id_idx` ON `terrace_mailboxes` (`workspace_id`);--> statement-breakpoint
CREATE TABLE `terrace_mail` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`agent_id` text NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`payload` text,
	`source` text,
	`status` text NOT NULL,
	`deliveries` integer NOT NULL,
	`created_at` integer NOT NULL,
	`settled_at` integer,
	FOREIGN KEY (`agent_id`) REFERENCES `terrace_mailboxes`(`agent_id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_mail_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_mail_status_check" CHECK("status" in ('queued', 'delivered', 'dropped')),
	CONSTRAINT "terrace_mail_deliveries_check" CHECK("deliveries" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_mail_agent_id_seq_key` ON `terrace_mail` (`agent_id`,`seq`);--> statement-breakpoint
CREATE INDEX `terrace_mail_agent_id_seq_status_idx` ON `terrace_mail` (`agent_id`,`seq`) WHERE "status" = 'queued';--> statement-breakpoint
CREATE INDEX `terrace_mail_workspace_id_created_at_id_idx` ON `terrace_mail` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_mail_settled_at_idx` ON `terrace_mail` (`settled_at`);--> statement-breakpoint
CREATE TABLE `terrace_delegations` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`from_agent_id` text,
	`to_agent_id` text,
	`task` text NOT NULL,
	`task_id` text,
	`context` text NOT NULL,
	`status` text NOT NULL,
	`result` text,
	`finished_at` integer,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`from_agent_id`) REFERENCES `terrace_agents`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`to_agent_id`) REFERENCES `terrace_agents`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`task_id`) REFERENCES `terrace_tasks`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "terrace_delegations_status_check" CHECK("status" in ('active', 'done', 'failed', 'cancelled')),
	CONSTRAINT "terrace_delegations_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_delegations_workspace_id_created_at_id_idx` ON `terrace_delegations` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_delegations_workspace_id_status_created_at_id_idx` ON `terrace_delegations` (`workspace_id`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_delegations_from_agent_id_idx` ON `terrace_delegations` (`from_agent_id`);--> statement-breakpoint
CREATE INDEX `terrace_delegations_to_agent_id_status_created_at_id_idx` ON `terrace_delegations` (`to_agent_id`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_delegations_task_id_idx` ON `terrace_delegations` (`task_id`);--> statement-breakpoint
CREATE TABLE `terrace_schedules` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`title` text NOT NULL,
	`cron` text NOT NULL,
	`time_zone` text NOT NULL,
	`catch_up` text NOT NULL,
	`job` text NOT NULL,
	`enabled` integer NOT NULL,
	`next_run_at` integer,
	`last_run_at` integer,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_schedules_catch_up_check" CHECK("catch_up" in ('skip', 'once', 'all')),
	CONSTRAINT "terrace_schedules_enabled_check" CHECK("enabled" in (0, 1)),
	CONSTRAINT "terrace_schedules_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_schedules_workspace_id_created_at_id_idx` ON `terrace_schedules` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_schedules_next_run_at_id_idx` ON `terrace_schedules` (`next_run_at`,`id`);