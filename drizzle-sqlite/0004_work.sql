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
CREATE INDEX `terrace_background_lanes_state_updated_at_idx` ON `terrace_background_lanes` (`state`,`updated_at`);