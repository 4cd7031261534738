-- 32fe58349273900ff2060e6da395ed249a9c07e1c62e3398b86d30e9d7ff0608;

CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE datasets (
	id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	rows BIGINT NOT NULL, 
	columns TEXT NOT NULL, 
	notes TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	table_sha256 TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	"key" TEXT NOT NULL, 
	original TEXT, 
	fingerprint TEXT NOT NULL, 
	CONSTRAINT pk_datasets PRIMARY KEY (id, version)
);

CREATE INDEX ix_datasets_owner_created ON datasets (owner, created);

CREATE UNIQUE INDEX ix_datasets_owner_fingerprint ON datasets (owner, fingerprint);

CREATE TABLE events (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	topic TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	data TEXT NOT NULL, 
	at BIGINT NOT NULL
);

CREATE INDEX ix_events_topic ON events (topic, subject, seq);

CREATE TABLE job_attempts (
	job BIGINT NOT NULL, 
	fence BIGINT NOT NULL, 
	generation INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	secret TEXT NOT NULL, 
	worker TEXT NOT NULL, 
	host TEXT NOT NULL, 
	leased BIGINT NOT NULL, 
	started BIGINT, 
	expires BIGINT, 
	stop_at BIGINT, 
	ended BIGINT, 
	exit_code INTEGER, 
	peak_memory BIGINT, 
	error TEXT, 
	log TEXT, facts TEXT, 
	CONSTRAINT pk_job_attempts PRIMARY KEY (job, fence)
)
 WITHOUT ROWID

;

CREATE INDEX ix_job_attempts_expires ON job_attempts (expires) WHERE expires IS NOT NULL;

CREATE TABLE job_dependencies (
	job BIGINT NOT NULL, 
	upstream BIGINT NOT NULL, 
	condition TEXT NOT NULL, 
	settled BOOLEAN NOT NULL, 
	CONSTRAINT pk_job_dependencies PRIMARY KEY (job, upstream, condition)
);

CREATE INDEX ix_job_dependencies_upstream ON job_dependencies (upstream);

CREATE TABLE job_externals (
	face TEXT NOT NULL, 
	external_id TEXT NOT NULL, 
	job BIGINT NOT NULL, 
	CONSTRAINT pk_job_externals PRIMARY KEY (face, external_id)
);

CREATE INDEX ix_job_externals_job ON job_externals (job);

CREATE TABLE job_generations (
	job BIGINT NOT NULL, 
	generation INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	started BIGINT, 
	ended BIGINT, 
	attempts INTEGER NOT NULL, 
	error TEXT, 
	result TEXT, 
	CONSTRAINT pk_job_generations PRIMARY KEY (job, generation)
);

CREATE TABLE job_lanes (
	id INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	labels TEXT NOT NULL, 
	resources TEXT NOT NULL, "group" TEXT DEFAULT '' NOT NULL, served BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_job_lanes PRIMARY KEY (id), 
	CONSTRAINT uq_job_lanes_key UNIQUE ("key")
);

CREATE TABLE job_limits (
	scope TEXT NOT NULL, 
	name TEXT NOT NULL, 
	n INTEGER NOT NULL, recent TEXT, opens BIGINT, 
	CONSTRAINT pk_job_limits PRIMARY KEY (scope, name)
);

CREATE TABLE job_progress (
	job BIGINT NOT NULL, 
	fence BIGINT NOT NULL, 
	done FLOAT NOT NULL, 
	total FLOAT, 
	note TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_job_progress PRIMARY KEY (job)
);

CREATE TABLE job_workers (
	name TEXT NOT NULL, 
	host TEXT NOT NULL, 
	labels TEXT NOT NULL, 
	resources TEXT NOT NULL, 
	kinds TEXT, 
	seen BIGINT NOT NULL, draining BOOLEAN DEFAULT false NOT NULL, 
	CONSTRAINT pk_job_workers PRIMARY KEY (name)
);

CREATE TABLE jobs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	owner TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	state TEXT NOT NULL, 
	waits TEXT, 
	lane BIGINT NOT NULL, 
	rank BIGINT NOT NULL, 
	due BIGINT, 
	pending INTEGER NOT NULL, 
	generation INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	fence BIGINT NOT NULL, 
	priority INTEGER NOT NULL, 
	not_before BIGINT, 
	deadline BIGINT, 
	timeout FLOAT, 
	retry TEXT, 
	parent BIGINT, 
	array_index INTEGER, 
	idempotency_key TEXT, 
	fingerprint TEXT, 
	service BOOLEAN NOT NULL, 
	relaxed BOOLEAN NOT NULL, 
	created BIGINT NOT NULL, 
	started BIGINT, 
	ended BIGINT, 
	error TEXT, 
	extra TEXT, 
	spec TEXT NOT NULL, 
	result TEXT, webhook TEXT, cache_key TEXT, cached_from BIGINT, charged BOOLEAN DEFAULT false NOT NULL, 
	CONSTRAINT fk_jobs_lane FOREIGN KEY(lane) REFERENCES job_lanes (id)
);

CREATE INDEX ix_jobs_deadline ON jobs (deadline) WHERE deadline IS NOT NULL AND waits IS NOT NULL;

CREATE INDEX ix_jobs_due ON jobs (due) WHERE waits = 'time';

CREATE INDEX ix_jobs_owner ON jobs (owner, id);

CREATE INDEX ix_jobs_parent ON jobs (parent, array_index) WHERE parent IS NOT NULL;

CREATE INDEX ix_jobs_ready ON jobs (lane, rank, id) WHERE waits = 'ready';

CREATE UNIQUE INDEX uq_jobs_idempotency_key ON jobs (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;

CREATE TABLE studies (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	dataset TEXT NOT NULL, 
	dataset_version INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	state TEXT NOT NULL, 
	generation INTEGER NOT NULL, 
	created BIGINT NOT NULL, 
	started BIGINT NOT NULL, 
	finished BIGINT, 
	error TEXT DEFAULT '' NOT NULL, 
	summary TEXT, 
	artifact TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_studies PRIMARY KEY (id), 
	CONSTRAINT fk_studies_dataset FOREIGN KEY(dataset, dataset_version) REFERENCES datasets (id, version)
);

CREATE INDEX ix_studies_dataset ON studies (dataset, dataset_version);

CREATE INDEX ix_studies_owner_created ON studies (owner, created);

CREATE TABLE study_fits (
	study TEXT NOT NULL, 
	generation INTEGER NOT NULL, 
	fit INTEGER NOT NULL, 
	experiment INTEGER NOT NULL, 
	k INTEGER NOT NULL, 
	covariance TEXT NOT NULL, 
	state TEXT NOT NULL, 
	bic FLOAT, 
	aic FLOAT, 
	icl FLOAT, 
	log_likelihood FLOAT, 
	sizes TEXT NOT NULL, 
	seconds FLOAT NOT NULL, 
	degenerate BOOLEAN NOT NULL, 
	error TEXT NOT NULL, 
	params TEXT NOT NULL, 
	job BIGINT NOT NULL, 
	CONSTRAINT pk_study_fits PRIMARY KEY (study, generation, fit), 
	CONSTRAINT fk_study_fits_study FOREIGN KEY(study) REFERENCES studies (id) ON DELETE CASCADE
);

CREATE TABLE study_jobs (
	job BIGINT NOT NULL, 
	study TEXT NOT NULL, 
	generation INTEGER NOT NULL, 
	fits TEXT NOT NULL, 
	CONSTRAINT pk_study_jobs PRIMARY KEY (job), 
	CONSTRAINT fk_study_jobs_study FOREIGN KEY(study) REFERENCES studies (id) ON DELETE CASCADE
);

CREATE INDEX ix_study_jobs_study ON study_jobs (study, generation);

CREATE INDEX ix_jobs_ended ON jobs (lane, state, ended) WHERE ended IS NOT NULL;

CREATE INDEX ix_jobs_held ON jobs (lane, state) WHERE waits = 'dependency' OR state = 'draft';

CREATE INDEX ix_jobs_cache ON jobs (owner, cache_key, ended) WHERE cache_key IS NOT NULL AND cached_from IS NULL AND state = 'succeeded';

CREATE INDEX ix_jobs_cached_from ON jobs (cached_from) WHERE cached_from IS NOT NULL;

CREATE TABLE job_quotas (
	owner TEXT NOT NULL, 
	remaining BIGINT NOT NULL, 
	CONSTRAINT pk_job_quotas PRIMARY KEY (owner)
);

CREATE TABLE job_schedules (
	id TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	name TEXT NOT NULL, 
	cron TEXT NOT NULL, 
	zone TEXT NOT NULL, 
	template TEXT NOT NULL, 
	paused BOOLEAN NOT NULL, 
	created BIGINT NOT NULL, 
	next BIGINT, 
	tick BIGINT, 
	last BIGINT, 
	last_jobs TEXT NOT NULL, 
	runs BIGINT NOT NULL, 
	error TEXT NOT NULL, 
	CONSTRAINT pk_job_schedules PRIMARY KEY (id)
);

CREATE INDEX ix_job_schedules_owner ON job_schedules (owner, created);

CREATE TABLE datafiles (
	owner TEXT NOT NULL, 
	slot TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	CONSTRAINT pk_datafiles PRIMARY KEY (owner, slot)
);

CREATE UNIQUE INDEX ix_datafiles_key ON datafiles ("key");

CREATE TABLE objects (
	owner TEXT NOT NULL, 
	id TEXT NOT NULL, 
	datatype TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	edited BIGINT, 
	size BIGINT NOT NULL, 
	sha256 TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	content TEXT, 
	CONSTRAINT pk_objects PRIMARY KEY (owner, id)
);

CREATE INDEX ix_objects_key ON objects ("key");

CREATE TABLE job_nodes (
	name TEXT NOT NULL, 
	token TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	session TEXT, 
	joined BIGINT, 
	turn BIGINT NOT NULL, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	workers INTEGER NOT NULL, 
	labels TEXT NOT NULL, 
	resources TEXT NOT NULL, 
	kinds TEXT NOT NULL, 
	CONSTRAINT pk_job_nodes PRIMARY KEY (name)
);

CREATE TABLE live_tasks (
	id TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	name TEXT NOT NULL, 
	wish TEXT NOT NULL, 
	state TEXT NOT NULL, 
	next TEXT, 
	error_code TEXT, 
	error TEXT, 
	run BIGINT NOT NULL, 
	turn BIGINT NOT NULL, 
	dim INTEGER, 
	rows BIGINT NOT NULL, 
	base BIGINT NOT NULL, 
	played_row BIGINT NOT NULL, 
	created BIGINT NOT NULL, 
	changed BIGINT NOT NULL, 
	played BIGINT, 
	ended BIGINT, 
	"key" TEXT, 
	CONSTRAINT pk_live_tasks PRIMARY KEY (id)
);

CREATE INDEX ix_live_tasks_owner ON live_tasks (owner, created, id);

CREATE INDEX ix_live_tasks_created ON live_tasks (created, id);

CREATE UNIQUE INDEX uq_live_tasks_key ON live_tasks (owner, "key") WHERE key IS NOT NULL;

CREATE TABLE live_events (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	task TEXT NOT NULL, 
	name TEXT NOT NULL, 
	run BIGINT NOT NULL, 
	"row" BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	at BIGINT NOT NULL
);

CREATE UNIQUE INDEX uq_live_events_name ON live_events (task, name);

CREATE INDEX ix_live_events_task ON live_events (task, seq);

CREATE TABLE infra_infrastructures (
	id TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	name TEXT NOT NULL, 
	home TEXT NOT NULL, 
	phase TEXT NOT NULL, 
	description TEXT NOT NULL, 
	targets TEXT NOT NULL, 
	condemned TEXT NOT NULL, 
	attached BOOLEAN NOT NULL, 
	paused BOOLEAN NOT NULL, 
	released BOOLEAN NOT NULL, 
	turn BIGINT NOT NULL, 
	done BIGINT NOT NULL, 
	version BIGINT NOT NULL, 
	job BIGINT, 
	error TEXT, 
	created BIGINT NOT NULL, 
	changed BIGINT NOT NULL, 
	ended BIGINT, 
	"key" TEXT, 
	CONSTRAINT pk_infra_infrastructures PRIMARY KEY (id)
);

CREATE INDEX ix_infra_infrastructures_owner ON infra_infrastructures (owner, created, id);

CREATE INDEX ix_infra_infrastructures_created ON infra_infrastructures (created, id);

CREATE INDEX ix_infra_infrastructures_job ON infra_infrastructures (job);

CREATE UNIQUE INDEX uq_infra_infrastructures_key ON infra_infrastructures (owner, "key") WHERE key IS NOT NULL;

CREATE TABLE infra_instances (
	id TEXT NOT NULL, 
	infra TEXT NOT NULL, 
	node TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	provider TEXT NOT NULL, 
	implementation INTEGER NOT NULL, 
	place TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	name TEXT NOT NULL, 
	ref TEXT, 
	addresses TEXT NOT NULL, 
	private TEXT, 
	saw TEXT NOT NULL, 
	tries INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	price FLOAT, 
	created BIGINT NOT NULL, 
	since BIGINT NOT NULL, 
	ready BIGINT, 
	failing_since BIGINT, 
	missing_since BIGINT, 
	ended BIGINT, 
	CONSTRAINT pk_infra_instances PRIMARY KEY (id)
);

CREATE INDEX ix_infra_instances_infra ON infra_instances (infra, ended);

CREATE TABLE infra_happenings (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	infra TEXT NOT NULL, 
	instance TEXT, 
	node TEXT, 
	kind TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	at BIGINT NOT NULL
);

CREATE INDEX ix_infra_happenings_infra ON infra_happenings (infra, seq);

CREATE TABLE infra_definitions (
	owner TEXT NOT NULL, 
	type TEXT NOT NULL, 
	implementations TEXT NOT NULL, 
	changed BIGINT NOT NULL, 
	CONSTRAINT pk_infra_definitions PRIMARY KEY (owner, type)
);

INSERT INTO alembic_version VALUES ('0007');
