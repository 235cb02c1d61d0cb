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
ALTER TABLE "terrace_background_tasks" ADD CONSTRAINT "terrace_background_tasks_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_background_tasks" ADD CONSTRAINT "terrace_background_tasks_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "terrace_agents"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_background_dependencies" ADD CONSTRAINT "terrace_background_dependencies_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "terrace_background_tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_background_dependencies" ADD CONSTRAINT "terrace_background_dependencies_depends_on_id_fkey" FOREIGN KEY ("depends_on_id") REFERENCES "terrace_background_tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "terrace_background_lanes" ADD CONSTRAINT "terrace_background_lanes_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "terrace_workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
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
CREATE INDEX "terrace_background_lanes_state_updated_at_idx" ON "terrace_background_lanes" USING btree ("state","updated_at");