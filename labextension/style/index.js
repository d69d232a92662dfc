import './live.css';
import './base.css';
