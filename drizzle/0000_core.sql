CREATE TABLE "terrace_agents" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"role" text COLLATE "C" NOT NULL,
	"provider" text COLLATE "C",
	"model" text COLLATE "C",
	"model_tier" text COLLATE "C",
	"status" text COLLATE "C" NOT NULL,
	"parent_id" text COLLATE "C",
	"team_id" text COLLATE "C",
	"session_id" text COLLATE "C",
	"plan" jsonb,
	"last_summary" text COLLATE "C",
	"last_seen_at" timestamp (3) with time zone,
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_agents_model_tier_check" CHECK ("model_tier" in ('smart', 'balanced', 'fast')),
	CONSTRAINT "terrace_agents_status_check" CHECK ("status" in ('idle', 'running', 'done', 'failed', 'terminated')),
	CONSTRAINT "terrace_agents_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_codebases" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"path" text COLLATE "C" NOT NULL,
	"branch" text COLLATE "C",
	"label" text COLLATE "C",
	"source" text COLLATE "C" NOT NULL,
	"source_url" text COLLATE "C",
	"commands" jsonb NOT NULL,
	"assistant_type" text COLLATE "C",
	"is_default" boolean NOT NULL,
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_codebases_source_check" CHECK ("source" in ('local', 'github')),
	CONSTRAINT "terrace_codebases_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_conversations" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"platform" text COLLATE "C" NOT NULL,
	"platform_id" text COLLATE "C" NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"lead_id" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"title" text COLLATE "C",
	"codebase_id" text COLLATE "C",
	"task_id" text COLLATE "C",
	"environment_id" text COLLATE "C",
	"assistant_type" text COLLATE "C",
	"roles" jsonb NOT NULL,
	"members" jsonb NOT NULL,
	"archived" boolean NOT NULL,
	"hidden" boolean NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	"last_activity_at" timestamp (3) with time zone NOT NULL,
	"last_seq" bigint NOT NULL,
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_conversations_kind_check" CHECK ("kind" in ('direct', 'group')),
	CONSTRAINT "terrace_conversations_last_seq_check" CHECK ("last_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_conversations_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_messages" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"conversation_id" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"role" text COLLATE "C" NOT NULL,
	"sender_id" text COLLATE "C",
	"sender_role" text COLLATE "C",
	"content" text COLLATE "C" NOT NULL,
	"tool_name" text COLLATE "C",
	"tool_call" jsonb,
	"turn" bigint,
	"reactions" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_messages_seq_check" CHECK ("seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_messages_role_check" CHECK ("role" in ('system', 'user', 'assistant', 'tool')),
	CONSTRAINT "terrace_messages_turn_check" CHECK ("turn" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_roles" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C",
	"name" text COLLATE "C" NOT NULL,
	"description" text COLLATE "C" NOT NULL,
	"system_prompt" text COLLATE "C" NOT NULL,
	"color" text COLLATE "C" NOT NULL,
	"icon" text COLLATE "C" NOT NULL,
	"model" text COLLATE "C",
	"built_in" boolean NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_roles_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_settings" (
	"scope" text COLLATE "C" NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"workspace_id" text COLLATE "C",
	"value" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_settings_pkey" PRIMARY KEY("scope","key"),
	CONSTRAINT "terrace_settings_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_task_dependencies" (
	"task_id" text COLLATE "C" NOT NULL,
	"depends_on_id" text COLLATE "C" NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_task_dependencies_pkey" PRIMARY KEY("task_id","depends_on_id")
);
--> statement-breakpoint
CREATE TABLE "terrace_tasks" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"crew" text COLLATE "C" NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"title" text COLLATE "C" NOT NULL,
	"title_folded" text COLLATE "C",
	"objective" text COLLATE "C" NOT NULL,
	"scope" text COLLATE "C",
	"acceptance_criteria" jsonb NOT NULL,
	"status" text COLLATE "C" NOT NULL,
	"paused_from" text COLLATE "C",
	"priority" bigint NOT NULL,
	"assignee_id" text COLLATE "C",
	"role" text COLLATE "C",
	"parallel_group" text COLLATE "C",
	"files" jsonb NOT NULL,
	"model" text COLLATE "C",
	"verification" jsonb,
	"completion_summary" text COLLATE "C",
	"failure_reason" text COLLATE "C",
	"open_dependencies" bigint NOT NULL,
	"failed_dependencies" bigint NOT NULL,
	"dependents" bigint NOT NULL,
	"archived" boolean NOT NULL,
	"started_at" timestamp (3) with time zone,
	"completed_at" timestamp (3) with time zone,
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_tasks_status_check" CHECK ("status" in ('pending', 'ready', 'running', 'review', 'done', 'failed', 'blocked', 'paused', 'skipped', 'cancelled')),
	CONSTRAINT "terrace_tasks_paused_from_check" CHECK ("paused_from" in ('waiting', 'running')),
	CONSTRAINT "terrace_tasks_priority_check" CHECK ("priority" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_tasks_open_dependencies_check" CHECK ("open_dependencies" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_tasks_failed_dependencies_check" CHECK ("failed_dependencies" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_tasks_dependents_check" CHECK ("dependents" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_tasks_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_teams" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"description" text COLLATE "C" NOT NULL,
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_teams_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_workspaces" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"title" text COLLATE "C" NOT NULL,
	"slug" text COLLATE "C" NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"description" text COLLATE "C" NOT NULL,
	"cwd" text COLLATE "C",
	"status" text COLLATE "C" NOT NULL,
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_workspaces_kind_check" CHECK ("kind" in ('project', 'company')),
	CONSTRAINT "terrace_workspaces_status_check" CHECK ("status" in ('active', 'archived')),
	CONSTRAINT "terrace_workspaces_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
ALTER TABLE "terrace_agents" ADD CONSTRAINT "terrace_agents_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_agents" ADD CONSTRAINT "terrace_agents_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "terrace_agents"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_agents" ADD CONSTRAINT "terrace_agents_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "terrace_teams"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_codebases" ADD CONSTRAINT "terrace_codebases_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_conversations" ADD CONSTRAINT "terrace_conversations_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_conversations" ADD CONSTRAINT "terrace_conversations_codebase_id_fkey" FOREIGN KEY ("codebase_id") REFERENCES "terrace_codebases"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_conversations" ADD CONSTRAINT "terrace_conversations_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "terrace_tasks"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_messages" ADD CONSTRAINT "terrace_messages_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "terrace_conversations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_roles" ADD CONSTRAINT "terrace_roles_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_task_dependencies" ADD CONSTRAINT "terrace_task_dependencies_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "terrace_tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_task_dependencies" ADD CONSTRAINT "terrace_task_dependencies_depends_on_id_fkey" FOREIGN KEY ("depends_on_id") REFERENCES "terrace_tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_tasks" ADD CONSTRAINT "terrace_tasks_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_tasks" ADD CONSTRAINT "terrace_tasks_assignee_id_fkey" FOREIGN KEY ("assignee_id") REFERENCES "terrace_agents"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_teams" ADD CONSTRAINT "terrace_teams_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "terrace_agents_workspace_id_created_at_id_idx" ON "terrace_agents" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_agents_workspace_id_status_created_at_id_idx" ON "terrace_agents" USING btree ("workspace_id","status","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_agents_parent_id_idx" ON "terrace_agents" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "terrace_agents_team_id_idx" ON "terrace_agents" USING btree ("team_id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_codebases_workspace_id_path_key" ON "terrace_codebases" USING btree ("workspace_id","path");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_codebases_workspace_id_is_default_key" ON "terrace_codebases" USING btree ("workspace_id") WHERE "is_default" = true;--> statement-breakpoint
CREATE INDEX "terrace_codebases_workspace_id_created_at_id_idx" ON "terrace_codebases" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_conversations_workspace_id_platform_platform_id_key" ON "terrace_conversations" USING btree ("workspace_id","platform","platform_id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_conversations_workspace_id_lead_id_name_kind_key" ON "terrace_conversations" USING btree ("workspace_id","lead_id","name") WHERE "kind" = 'group';--> statement-breakpoint
CREATE INDEX "terrace_conversations_workspace_id_last_activity_at_id_idx" ON "terrace_conversations" USING btree ("workspace_id","last_activity_at" DESC NULLS FIRST,"id" DESC NULLS FIRST);--> statement-breakpoint
CREATE INDEX "terrace_conversations_codebase_id_idx" ON "terrace_conversations" USING btree ("codebase_id");--> statement-breakpoint
CREATE INDEX "terrace_conversations_task_id_idx" ON "terrace_conversations" USING btree ("task_id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_messages_conversation_id_seq_key" ON "terrace_messages" USING btree ("conversation_id","seq");--> statement-breakpoint
CREATE INDEX "terrace_roles_workspace_id_idx" ON "terrace_roles" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "terrace_roles_created_at_id_idx" ON "terrace_roles" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_settings_workspace_id_idx" ON "terrace_settings" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "terrace_task_dependencies_depends_on_id_idx" ON "terrace_task_dependencies" USING btree ("depends_on_id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_tasks_workspace_id_crew_key_key" ON "terrace_tasks" USING btree ("workspace_id","crew","key");--> statement-breakpoint
CREATE INDEX "terrace_tasks_workspace_id_created_at_id_idx" ON "terrace_tasks" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_tasks_workspace_id_status_created_at_id_idx" ON "terrace_tasks" USING btree ("workspace_id","status","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_tasks_workspace_id_priority_created_at_id_status_idx" ON "terrace_tasks" USING btree ("workspace_id","priority" DESC NULLS FIRST,"created_at","id") WHERE "status" = 'ready';--> statement-breakpoint
CREATE INDEX "terrace_tasks_assignee_id_idx" ON "terrace_tasks" USING btree ("assignee_id");--> statement-breakpoint
CREATE INDEX "terrace_teams_workspace_id_created_at_id_idx" ON "terrace_teams" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_workspaces_slug_key" ON "terrace_workspaces" USING btree ("slug");--> statement-breakpoint
CREATE INDEX "terrace_workspaces_created_at_id_idx" ON "terrace_workspaces" USING btree ("created_at","id");