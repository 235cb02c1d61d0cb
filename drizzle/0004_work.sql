-- terrace: compatible
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
	"metadata" jsonb NOT NULL,
	"version" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "terrace_schedules_catch_up_check" CHECK ("catch_up" in ('skip', 'once', 'all')),
	CONSTRAINT "terrace_schedules_version_check" CHECK ("version" between -9007199254740991 and 9007199254740991)
);
--> statement-breakpoint
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