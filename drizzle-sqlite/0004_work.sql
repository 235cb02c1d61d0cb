-- terrace: compatible
CREATE TABLE `terrace_background_tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`queue` text NOT NULL,
	`kind` text NOT NULL,
	`title` text NOT NULL,
	`agent_id` text,
	`payload` text,
	`priority` integer NOT NULL,
	`status` text NOT NULL,
	`run_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`max_attempts` integer NOT NULL,
	`attempts_left` integer NOT NULL,
	`backoff_ms` integer NOT NULL,
	`max_backoff_ms` integer NOT NULL,
	`timeout_ms` integer,
	`unique_key` text NOT NULL,
	`holds_unique_key` integer NOT NULL,
	`concurrency_key` text NOT NULL,
	`holds_concurrency_key` integer NOT NULL,
	`open_dependencies` integer NOT NULL,
	`dependents` integer NOT NULL,
	`fence` integer NOT NULL,
	`worker` text,
	`lease_until` integer,
	`cancel_requested` integer NOT NULL,
	`progress` integer,
	`activity` text,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`result` text,
	`error` text,
	`started_at` integer,
	`finished_at` integer,
	`live` integer NOT NULL,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`agent_id`) REFERENCES `terrace_agents`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "terrace_background_tasks_priority_check" CHECK("priority" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_status_check" CHECK("status" in ('waiting', 'scheduled', 'blocked', 'ready', 'running', 'done', 'dead', 'cancelled')),
	CONSTRAINT "terrace_background_tasks_attempts_check" CHECK("attempts" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_max_attempts_check" CHECK("max_attempts" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_attempts_left_check" CHECK("attempts_left" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_backoff_ms_check" CHECK("backoff_ms" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_max_backoff_ms_check" CHECK("max_backoff_ms" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_timeout_ms_check" CHECK("timeout_ms" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_holds_unique_key_check" CHECK("holds_unique_key" in (0, 1)),
	CONSTRAINT "terrace_background_tasks_holds_concurrency_key_check" CHECK("holds_concurrency_key" in (0, 1)),
	CONSTRAINT "terrace_background_tasks_open_dependencies_check" CHECK("open_dependencies" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_dependents_check" CHECK("dependents" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_fence_check" CHECK("fence" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_cancel_requested_check" CHECK("cancel_requested" in (0, 1)),
	CONSTRAINT "terrace_background_tasks_progress_check" CHECK("progress" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_input_tokens_check" CHECK("input_tokens" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_output_tokens_check" CHECK("output_tokens" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_live_check" CHECK("live" in (0, 1)),
	CONSTRAINT "terrace_background_tasks_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_background_tasks_workspace_id_unique_key_holds_45b1f100` ON `terrace_background_tasks` (`workspace_id`,`unique_key`) WHERE "holds_unique_key" = 1;--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_background_tasks_workspace_id_concurrency_key__0ad5c420` ON `terrace_background_tasks` (`workspace_id`,`concurrency_key`) WHERE "holds_concurrency_key" = 1;--> statement-breakpoint
CREATE INDEX `terrace_background_tasks_workspace_id_created_at_id_idx` ON `terrace_background_tasks` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_background_tasks_agent_id_idx` ON `terrace_background_tasks` (`agent_id`);--> statement-breakpoint
CREATE INDEX `terrace_background_tasks_queue_priority_run_at_id_status_idx` ON `terrace_background_tasks` (`queue`,"priority" desc,`run_at`,`id`) WHERE "status" = 'ready';--> statement-breakpoint
CREATE INDEX `terrace_background_tasks_run_at_id_status_idx` ON `terrace_background_tasks` (`run_at`,`id`) WHERE "status" = 'scheduled';--> statement-breakpoint
CREATE INDEX `terrace_background_tasks_workspace_id_id_status_idx` ON `terrace_background_tasks` (`workspace_id`,`id`) WHERE "status" = 'running';--> statement-breakpoint
CREATE INDEX `terrace_background_tasks_workspace_id_concurrency_key__3892bf69` ON `terrace_background_tasks` (`workspace_id`,`concurrency_key`,"priority" desc,`run_at`) WHERE "status" = 'blocked';--> statement-breakpoint
CREATE INDEX `terrace_background_tasks_workspace_id_created_at_id_status_idx` ON `terrace_background_tasks` (`workspace_id`,`created_at`,`id`) WHERE "status" = 'dead';--> statement-breakpoint
CREATE INDEX `terrace_background_tasks_finished_at_id_live_idx` ON `terrace_background_tasks` (`finished_at`,`id`) WHERE "live" = 0;--> statement-breakpoint
CREATE TABLE `terrace_background_dependencies` (
	`job_id` text NOT NULL,
	`depends_on_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`job_id`, `depends_on_id`),
	FOREIGN KEY (`job_id`) REFERENCES `terrace_background_tasks`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`depends_on_id`) REFERENCES `terrace_background_tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `terrace_background_dependencies_depends_on_id_idx` ON `terrace_background_dependencies` (`depends_on_id`);--> statement-breakpoint
CREATE TABLE `terrace_background_lanes` (
	`workspace_id` text NOT NULL,
	`concurrency_key` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `concurrency_key`),
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_background_lanes_state_check" CHECK("state" in ('taken', 'free', 'empty')),
	CONSTRAINT "terrace_background_lanes_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_background_lanes_state_updated_at_idx` ON `terrace_background_lanes` (`state`,`updated_at`);--> statement-breakpoint
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
	`error` text,
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