CREATE TABLE `terrace_agents` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`provider` text,
	`model` text,
	`model_tier` text,
	`status` text NOT NULL,
	`parent_id` text,
	`team_id` text,
	`session_id` text,
	`plan` text,
	`last_summary` text,
	`last_seen_at` integer,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`parent_id`) REFERENCES `terrace_agents`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`team_id`) REFERENCES `terrace_teams`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "terrace_agents_model_tier_check" CHECK("model_tier" in ('smart', 'balanced', 'fast')),
	CONSTRAINT "terrace_agents_status_check" CHECK("status" in ('idle', 'running', 'done', 'failed', 'terminated')),
	CONSTRAINT "terrace_agents_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_agents_workspace_id_created_at_id_idx` ON `terrace_agents` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_agents_workspace_id_status_created_at_id_idx` ON `terrace_agents` (`workspace_id`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_agents_parent_id_idx` ON `terrace_agents` (`parent_id`);--> statement-breakpoint
CREATE INDEX `terrace_agents_team_id_idx` ON `terrace_agents` (`team_id`);--> statement-breakpoint
CREATE TABLE `terrace_codebases` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`path` text NOT NULL,
	`branch` text,
	`label` text,
	`source` text NOT NULL,
	`source_url` text,
	`commands` text NOT NULL,
	`assistant_type` text,
	`is_default` integer NOT NULL,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_codebases_source_check" CHECK("source" in ('local', 'github')),
	CONSTRAINT "terrace_codebases_is_default_check" CHECK("is_default" in (0, 1)),
	CONSTRAINT "terrace_codebases_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_codebases_workspace_id_path_key` ON `terrace_codebases` (`workspace_id`,`path`);--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_codebases_workspace_id_is_default_key` ON `terrace_codebases` (`workspace_id`) WHERE "is_default" = 1;--> statement-breakpoint
CREATE INDEX `terrace_codebases_workspace_id_created_at_id_idx` ON `terrace_codebases` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `terrace_conversations` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`platform` text NOT NULL,
	`platform_id` text NOT NULL,
	`kind` text NOT NULL,
	`lead_id` text NOT NULL,
	`name` text NOT NULL,
	`title` text,
	`codebase_id` text,
	`task_id` text,
	`environment_id` text,
	`assistant_type` text,
	`roles` text NOT NULL,
	`members` text NOT NULL,
	`archived` integer NOT NULL,
	`hidden` integer NOT NULL,
	`deleted_at` integer,
	`last_activity_at` integer NOT NULL,
	`last_seq` integer NOT NULL,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`codebase_id`) REFERENCES `terrace_codebases`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`task_id`) REFERENCES `terrace_tasks`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "terrace_conversations_kind_check" CHECK("kind" in ('direct', 'group')),
	CONSTRAINT "terrace_conversations_archived_check" CHECK("archived" in (0, 1)),
	CONSTRAINT "terrace_conversations_hidden_check" CHECK("hidden" in (0, 1)),
	CONSTRAINT "terrace_conversations_last_seq_check" CHECK("last_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_conversations_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_conversations_workspace_id_platform_platform_id_key` ON `terrace_conversations` (`workspace_id`,`platform`,`platform_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_conversations_workspace_id_lead_id_name_kind_key` ON `terrace_conversations` (`workspace_id`,`lead_id`,`name`) WHERE "kind" = 'group';--> statement-breakpoint
CREATE INDEX `terrace_conversations_workspace_id_last_activity_at_id_idx` ON `terrace_conversations` (`workspace_id`,"last_activity_at" desc,"id" desc);--> statement-breakpoint
CREATE INDEX `terrace_conversations_codebase_id_idx` ON `terrace_conversations` (`codebase_id`);--> statement-breakpoint
CREATE INDEX `terrace_conversations_task_id_idx` ON `terrace_conversations` (`task_id`);--> statement-breakpoint
CREATE TABLE `terrace_messages` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`conversation_id` text NOT NULL,
	`seq` integer NOT NULL,
	`role` text NOT NULL,
	`sender_id` text,
	`sender_role` text,
	`content` text NOT NULL,
	`tool_name` text,
	`tool_call` text,
	`turn` integer,
	`reactions` text NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`conversation_id`) REFERENCES `terrace_conversations`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_messages_seq_check" CHECK("seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_messages_role_check" CHECK("role" in ('system', 'user', 'assistant', 'tool')),
	CONSTRAINT "terrace_messages_turn_check" CHECK("turn" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_messages_conversation_id_seq_key` ON `terrace_messages` (`conversation_id`,`seq`);--> statement-breakpoint
CREATE TABLE `terrace_roles` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`system_prompt` text NOT NULL,
	`color` text NOT NULL,
	`icon` text NOT NULL,
	`model` text,
	`built_in` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_roles_built_in_check" CHECK("built_in" in (0, 1)),
	CONSTRAINT "terrace_roles_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_roles_workspace_id_idx` ON `terrace_roles` (`workspace_id`);--> statement-breakpoint
CREATE INDEX `terrace_roles_created_at_id_idx` ON `terrace_roles` (`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `terrace_settings` (
	`scope` text NOT NULL,
	`key` text NOT NULL,
	`workspace_id` text,
	`value` text NOT NULL,
	`version` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`scope`, `key`),
	CONSTRAINT "terrace_settings_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_settings_workspace_id_idx` ON `terrace_settings` (`workspace_id`);--> statement-breakpoint
CREATE TABLE `terrace_task_dependencies` (
	`task_id` text NOT NULL,
	`depends_on_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`task_id`, `depends_on_id`),
	FOREIGN KEY (`task_id`) REFERENCES `terrace_tasks`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`depends_on_id`) REFERENCES `terrace_tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `terrace_task_dependencies_depends_on_id_idx` ON `terrace_task_dependencies` (`depends_on_id`);--> statement-breakpoint
CREATE TABLE `terrace_tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`crew` text NOT NULL,
	`key` text NOT NULL,
	`title` text NOT NULL,
	`title_folded` text,
	`objective` text NOT NULL,
	`scope` text,
	`acceptance_criteria` text NOT NULL,
	`status` text NOT NULL,
	`paused_from` text,
	`priority` integer NOT NULL,
	`assignee_id` text,
	`role` text,
	`parallel_group` text,
	`files` text NOT NULL,
	`model` text,
	`verification` text,
	`completion_summary` text,
	`failure_reason` text,
	`open_dependencies` integer NOT NULL,
	`failed_dependencies` integer NOT NULL,
	`dependents` integer NOT NULL,
	`archived` integer NOT NULL,
	`started_at` integer,
	`completed_at` integer,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`assignee_id`) REFERENCES `terrace_agents`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "terrace_tasks_status_check" CHECK("status" in ('pending', 'ready', 'running', 'review', 'done', 'failed', 'blocked', 'paused', 'skipped', 'cancelled')),
	CONSTRAINT "terrace_tasks_paused_from_check" CHECK("paused_from" in ('waiting', 'running')),
	CONSTRAINT "terrace_tasks_priority_check" CHECK("priority" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_tasks_open_dependencies_check" CHECK("open_dependencies" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_tasks_failed_dependencies_check" CHECK("failed_dependencies" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_tasks_dependents_check" CHECK("dependents" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_tasks_archived_check" CHECK("archived" in (0, 1)),
	CONSTRAINT "terrace_tasks_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_tasks_workspace_id_crew_key_key` ON `terrace_tasks` (`workspace_id`,`crew`,`key`);--> statement-breakpoint
CREATE INDEX `terrace_tasks_workspace_id_created_at_id_idx` ON `terrace_tasks` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_tasks_workspace_id_status_created_at_id_idx` ON `terrace_tasks` (`workspace_id`,`status`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `terrace_tasks_workspace_id_priority_created_at_id_status_idx` ON `terrace_tasks` (`workspace_id`,"priority" desc,`created_at`,`id`) WHERE "status" = 'ready';--> statement-breakpoint
CREATE INDEX `terrace_tasks_assignee_id_idx` ON `terrace_tasks` (`assignee_id`);--> statement-breakpoint
CREATE TABLE `terrace_teams` (
	`id` text PRIMARY KEY NOT NULL,
	`workspace_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`workspace_id`) REFERENCES `terrace_workspaces`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "terrace_teams_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE INDEX `terrace_teams_workspace_id_created_at_id_idx` ON `terrace_teams` (`workspace_id`,`created_at`,`id`);--> statement-breakpoint
CREATE TABLE `terrace_workspaces` (
	`id` text PRIMARY KEY NOT NULL,
	`title` text NOT NULL,
	`slug` text NOT NULL,
	`kind` text NOT NULL,
	`description` text NOT NULL,
	`cwd` text,
	`status` text NOT NULL,
	`metadata` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	CONSTRAINT "terrace_workspaces_kind_check" CHECK("kind" in ('project', 'company')),
	CONSTRAINT "terrace_workspaces_status_check" CHECK("status" in ('active', 'archived')),
	CONSTRAINT "terrace_workspaces_version_check" CHECK("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `terrace_workspaces_slug_key` ON `terrace_workspaces` (`slug`);--> statement-breakpoint
CREATE INDEX `terrace_workspaces_created_at_id_idx` ON `terrace_workspaces` (`created_at`,`id`);