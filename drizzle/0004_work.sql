-- terrace: compatible
CREATE TABLE "terrace_background_tasks" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"queue" text COLLATE "C" NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"title" text COLLATE "C" NOT NULL,
	"agent_id" text COLLATE "C",
	"payload" jsonb,
	"priority" bigint NOT NULL,
	"status" text COLLATE "C" NOT NULL,
	"run_at" timestamp (3) with time zone NOT NULL,
	"attempts" bigint NOT NULL,
	"max_attempts" bigint NOT NULL,
	"attempts_left" bigint NOT NULL,
	"backoff_ms" bigint NOT NULL,
	"max_backoff_ms" bigint NOT NULL,
	"timeout_ms" bigint,
	"unique_key" text COLLATE "C" NOT NULL,
	"holds_unique_key" boolean NOT NULL,
	"concurrency_key" text COLLATE "C" NOT NULL,
	"holds_concurrency_key" boolean NOT NULL,
	"open_dependencies" bigint NOT NULL,
	"dependents" bigint NOT NULL,
	"fence" bigint NOT NULL,
	"worker" text COLLATE "C",
	"lease_until" timestamp (3) with time zone,
	"cancel_requested" boolean NOT NULL,
	"progress" bigint,
	"activity" text COLLATE "C",
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"result" jsonb,
	"error" text COLLATE "C",
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"live" boolean NOT NULL,
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_background_tasks_priority_check" CHECK ("priority" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_status_check" CHECK ("status" in ('waiting', 'scheduled', 'blocked', 'ready', 'running', 'done', 'dead', 'cancelled')),
	CONSTRAINT "terrace_background_tasks_attempts_check" CHECK ("attempts" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_max_attempts_check" CHECK ("max_attempts" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_attempts_left_check" CHECK ("attempts_left" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_backoff_ms_check" CHECK ("backoff_ms" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_max_backoff_ms_check" CHECK ("max_backoff_ms" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_timeout_ms_check" CHECK ("timeout_ms" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_open_dependencies_check" CHECK ("open_dependencies" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_dependents_check" CHECK ("dependents" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_fence_check" CHECK ("fence" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_progress_check" CHECK ("progress" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_input_tokens_check" CHECK ("input_tokens" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_output_tokens_check" CHECK ("output_tokens" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_background_tasks_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_background_dependencies" (
	"job_id" text COLLATE "C" NOT NULL,
	"depends_on_id" text COLLATE "C" NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_background_dependencies_pkey" PRIMARY KEY("job_id","depends_on_id")
);
--> statement-breakpoint
CREATE TABLE "terrace_background_lanes" (
	"workspace_id" text COLLATE "C" NOT NULL,
	"concurrency_key" text COLLATE "C" NOT NULL,
	"state" text COLLATE "C" NOT NULL,
	"version" bigint NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_background_lanes_pkey" PRIMARY KEY("workspace_id","concurrency_key"),
	CONSTRAINT "terrace_background_lanes_state_check" CHECK ("state" in ('taken', 'free', 'empty')),
	CONSTRAINT "terrace_background_lanes_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_leases" (
	"scope" text COLLATE "C" NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"workspace_id" text COLLATE "C",
	"holder" text COLLATE "C" NOT NULL,
	"fence" bigint NOT NULL,
	"acquired_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "terrace_leases_pkey" PRIMARY KEY("scope","name"),
	CONSTRAINT "terrace_leases_fence_check" CHECK ("fence" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_file_locks" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"agent_id" text COLLATE "C" NOT NULL,
	"path" text COLLATE "C" NOT NULL,
	"reason" text COLLATE "C" NOT NULL,
	"acquired_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "terrace_timers" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"agent_id" text COLLATE "C" NOT NULL,
	"label" text COLLATE "C" NOT NULL,
	"message" text COLLATE "C" NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"every" bigint,
	"fired" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_timers_every_check" CHECK ("every" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_timers_fired_check" CHECK ("fired" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_mailboxes" (
	"agent_id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"last_seq" bigint NOT NULL,
	"next_seq" bigint NOT NULL,
	"waiting" bigint NOT NULL,
	"fence" bigint NOT NULL,
	"claimed_until" timestamp (3) with time zone,
	CONSTRAINT "terrace_mailboxes_last_seq_check" CHECK ("last_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_mailboxes_next_seq_check" CHECK ("next_seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_mailboxes_waiting_check" CHECK ("waiting" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_mailboxes_fence_check" CHECK ("fence" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_mail" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"agent_id" text COLLATE "C" NOT NULL,
	"seq" bigint NOT NULL,
	"kind" text COLLATE "C" NOT NULL,
	"payload" jsonb,
	"source" text COLLATE "C",
	"status" text COLLATE "C" NOT NULL,
	"deliveries" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "terrace_mail_seq_check" CHECK ("seq" between -9007199254740991 and 9007199254740991),
	CONSTRAINT "terrace_mail_status_check" CHECK ("status" in ('queued', 'delivered', 'dropped')),
	CONSTRAINT "terrace_mail_deliveries_check" CHECK ("deliveries" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_delegations" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"from_agent_id" text COLLATE "C",
	"to_agent_id" text COLLATE "C",
	"task" text COLLATE "C" NOT NULL,
	"task_id" text COLLATE "C",
	"context" text COLLATE "C" NOT NULL,
	"status" text COLLATE "C" NOT NULL,
	"result" jsonb,
	"finished_at" timestamp (3) with time zone,
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_delegations_status_check" CHECK ("status" in ('active', 'done', 'failed', 'cancelled')),
	CONSTRAINT "terrace_delegations_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
CREATE TABLE "terrace_schedules" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"workspace_id" text COLLATE "C" NOT NULL,
	"title" text COLLATE "C" NOT NULL,
	"cron" text COLLATE "C" NOT NULL,
	"time_zone" text COLLATE "C" NOT NULL,
	"catch_up" text COLLATE "C" NOT NULL,
	"job" jsonb NOT NULL,
	"enabled" boolean NOT NULL,
	"next_run_at" timestamp (3) with time zone,
	"last_run_at" timestamp (3) with time zone,
	"error" text COLLATE "C",
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_schedules_catch_up_check" CHECK ("catch_up" in ('skip', 'once', 'all')),
	CONSTRAINT "terrace_schedules_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
ALTER TABLE "terrace_background_tasks" ADD CONSTRAINT "terrace_background_tasks_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_background_tasks" ADD CONSTRAINT "terrace_background_tasks_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "terrace_agents"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_background_dependencies" ADD CONSTRAINT "terrace_background_dependencies_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "terrace_background_tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_background_dependencies" ADD CONSTRAINT "terrace_background_dependencies_depends_on_id_fkey" FOREIGN KEY ("depends_on_id") REFERENCES "terrace_background_tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_background_lanes" ADD CONSTRAINT "terrace_background_lanes_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_leases" ADD CONSTRAINT "terrace_leases_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_file_locks" ADD CONSTRAINT "terrace_file_locks_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_file_locks" ADD CONSTRAINT "terrace_file_locks_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "terrace_agents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_timers" ADD CONSTRAINT "terrace_timers_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_timers" ADD CONSTRAINT "terrace_timers_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "terrace_agents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_mailboxes" ADD CONSTRAINT "terrace_mailboxes_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "terrace_agents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_mailboxes" ADD CONSTRAINT "terrace_mailboxes_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_mail" ADD CONSTRAINT "terrace_mail_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "terrace_mailboxes"("agent_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_delegations" ADD CONSTRAINT "terrace_delegations_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_delegations" ADD CONSTRAINT "terrace_delegations_from_agent_id_fkey" FOREIGN KEY ("from_agent_id") REFERENCES "terrace_agents"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_delegations" ADD CONSTRAINT "terrace_delegations_to_agent_id_fkey" FOREIGN KEY ("to_agent_id") REFERENCES "terrace_agents"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_delegations" ADD CONSTRAINT "terrace_delegations_task_id_fkey" FOREIGN KEY ("task_id") REFERENCES "terrace_tasks"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_schedules" ADD CONSTRAINT "terrace_schedules_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_background_tasks_workspace_id_unique_key_holds_45b1f100" ON "terrace_background_tasks" USING btree ("workspace_id","unique_key") WHERE "holds_unique_key" = true;--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_background_tasks_workspace_id_concurrency_key__0ad5c420" ON "terrace_background_tasks" USING btree ("workspace_id","concurrency_key") WHERE "holds_concurrency_key" = true;--> statement-breakpoint
CREATE INDEX "terrace_background_tasks_workspace_id_created_at_id_idx" ON "terrace_background_tasks" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_background_tasks_agent_id_idx" ON "terrace_background_tasks" USING btree ("agent_id");--> statement-breakpoint
CREATE INDEX "terrace_background_tasks_queue_priority_run_at_id_status_idx" ON "terrace_background_tasks" USING btree ("queue","priority" DESC NULLS FIRST,"run_at","id") WHERE "status" = 'ready';--> statement-breakpoint
CREATE INDEX "terrace_background_tasks_run_at_id_status_idx" ON "terrace_background_tasks" USING btree ("run_at","id") WHERE "status" = 'scheduled';--> statement-breakpoint
CREATE INDEX "terrace_background_tasks_workspace_id_id_status_idx" ON "terrace_background_tasks" USING btree ("workspace_id","id") WHERE "status" = 'running';--> statement-breakpoint
CREATE INDEX "terrace_background_tasks_workspace_id_concurrency_key__3892bf69" ON "terrace_background_tasks" USING btree ("workspace_id","concurrency_key","priority" DESC NULLS FIRST,"run_at") WHERE "status" = 'blocked';--> statement-breakpoint
CREATE INDEX "terrace_background_tasks_workspace_id_created_at_id_status_idx" ON "terrace_background_tasks" USING btree ("workspace_id","created_at","id") WHERE "status" = 'dead';--> statement-breakpoint
CREATE INDEX "terrace_background_tasks_finished_at_id_live_idx" ON "terrace_background_tasks" USING btree ("finished_at","id") WHERE "live" = false;--> statement-breakpoint
CREATE INDEX "terrace_background_dependencies_depends_on_id_idx" ON "terrace_background_dependencies" USING btree ("depends_on_id");--> statement-breakpoint
CREATE INDEX "terrace_background_lanes_state_updated_at_idx" ON "terrace_background_lanes" USING btree ("state","updated_at");--> statement-breakpoint
CREATE INDEX "terrace_leases_workspace_id_idx" ON "terrace_leases" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "terrace_leases_expires_at_idx" ON "terrace_leases" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "terrace_file_locks_workspace_id_acquired_at_id_idx" ON "terrace_file_locks" USING btree ("workspace_id","acquired_at","id");--> statement-breakpoint
CREATE INDEX "terrace_file_locks_workspace_id_expires_at_idx" ON "terrace_file_locks" USING btree ("workspace_id","expires_at");--> statement-breakpoint
CREATE INDEX "terrace_file_locks_agent_id_idx" ON "terrace_file_locks" USING btree ("agent_id");--> statement-breakpoint
CREATE INDEX "terrace_file_locks_expires_at_idx" ON "terrace_file_locks" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "terrace_timers_due_at_id_idx" ON "terrace_timers" USING btree ("due_at","id");--> statement-breakpoint
CREATE INDEX "terrace_timers_agent_id_due_at_id_idx" ON "terrace_timers" USING btree ("agent_id","due_at","id");--> statement-breakpoint
CREATE INDEX "terrace_timers_workspace_id_due_at_id_idx" ON "terrace_timers" USING btree ("workspace_id","due_at","id");--> statement-breakpoint
CREATE INDEX "terrace_mailboxes_workspace_id_idx" ON "terrace_mailboxes" USING btree ("workspace_id");--> statement-breakpoint
CREATE UNIQUE INDEX "terrace_mail_agent_id_seq_key" ON "terrace_mail" USING btree ("agent_id","seq");--> statement-breakpoint
CREATE INDEX "terrace_mail_agent_id_seq_status_idx" ON "terrace_mail" USING btree ("agent_id","seq") WHERE "status" = 'queued';--> statement-breakpoint
CREATE INDEX "terrace_mail_workspace_id_created_at_id_idx" ON "terrace_mail" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_mail_settled_at_idx" ON "terrace_mail" USING btree ("settled_at");--> statement-breakpoint
CREATE INDEX "terrace_delegations_workspace_id_created_at_id_idx" ON "terrace_delegations" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_delegations_workspace_id_status_created_at_id_idx" ON "terrace_delegations" USING btree ("workspace_id","status","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_delegations_from_agent_id_idx" ON "terrace_delegations" USING btree ("from_agent_id");--> statement-breakpoint
CREATE INDEX "terrace_delegations_to_agent_id_status_created_at_id_idx" ON "terrace_delegations" USING btree ("to_agent_id","status","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_delegations_task_id_idx" ON "terrace_delegations" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "terrace_schedules_workspace_id_created_at_id_idx" ON "terrace_schedules" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "terrace_schedules_next_run_at_id_idx" ON "terrace_schedules" USING btree ("next_run_at","id");